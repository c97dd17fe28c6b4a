#!/bin/sh
# Turns the policies given into a C file, so that they are part of the program.
# Usage: policies.sh FILE... > policies.c
set -eu
echo '#include "validation/policy.h"'
for file; do
	echo "static const unsigned char json_$(basename "$file" .json | tr '-' '_')[] = {"
	od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
	echo "};"
done
echo "const struct policy_text policy_texts[] = {"
for file; do
	name=$(basename "$file" .json)
	id=json_$(echo "$name" | tr '-' '_')
	echo "	{ \"$name\", $id, sizeof($id) },"
done
echo "};"
echo "const size_t policy_texts_count = COUNT_OF(policy_texts);"
