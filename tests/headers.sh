#!/bin/bash
# Compiles each header alone, so that none leans on what its users include
# first.  Prints TAP.
set -u
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
build=${top_builddir:-.}
cc=${CC:-cc}

packages=$(sed -nE \
    's/^PKG_CHECK_MODULES\(\[[A-Z0-9]+\], \[([a-z0-9.-]+).*/\1/p' configure.ac)
# Some are optional: what is not here has no flags.
flags=()
for package in $packages; do
	pkg-config --exists "$package" || continue
	read -ra more <<<"$(pkg-config --cflags "$package")"
	flags+=("${more[@]}")
done
[ ! -f "$build/config.h" ] || flags+=(-include "$build/config.h")

count=0 bad=0
for header in */*.h; do
	case "$header" in build*|demo*) continue ;; esac
	count=$((count + 1))
	if messages=$($cc -std=c17 -Wall -Wextra -Werror -fsyntax-only \
	    -D_GNU_SOURCE -I. -I"$build" "${flags[@]}" -x c - <<<"#include \"$header\"" 2>&1); then
		echo "ok $count - $header stands alone"
	else
		echo "${messages//$'\n'/$'\n'# }" | sed '1s/^/# /'
		echo "not ok $count - $header stands alone"
		bad=1
	fi
done
echo "1..$count"
exit $bad
