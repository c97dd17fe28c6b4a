#!/bin/sh
# Turns the files given into a C file: the pages are part of the program, so
# that the front reads none at run time and they always fit together.
# Usage: embed.sh FILE... > pages.c
set -eu
echo '#include "web/pages.h"'
for file; do
	name=$(basename "$file" | tr '.-' '__')
	echo "static const unsigned char data_$name[] = {"
	od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
	echo "};"
	echo "const struct web_file web_$name ="
	echo "    { data_$name, sizeof(data_$name) };"
done
