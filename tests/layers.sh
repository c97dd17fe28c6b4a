#!/bin/bash
# Reads the table of rooms in doc/architecture.md and every #include "..." of
# the tree: a room uses only the rooms that its line names, and all of these
# stand above it.  Prints TAP.
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 1

count=0 bad=0
report() { # STATUS SENTENCE
	count=$((count + 1))
	[ "$1" = 0 ] || bad=1
	[ "$1" = 0 ] && echo "ok $count - $2" || echo "not ok $count - $2"
}

declare -A uses reaches
rooms=()
while IFS='|' read -r _ room _ used _; do
	room=${room//[\` \/]/}
	rooms+=("$room")
	uses[$room]=$(tr -d '`,/' <<<"$used" | xargs)
done < <(grep -E '^\| `[a-z0-9-]+/` \|' doc/architecture.md)

[ ${#rooms[@]} -gt 10 ]
report $? "doc/architecture.md has the table of rooms"

above=" "
for room in "${rooms[@]}"; do
	wrong=
	reaches[$room]=" $room "
	for used in ${uses[$room]}; do
		case "$above" in
		*" $used "*) reaches[$room]+="${reaches[$used]}" ;;
		*) wrong+=" $used" ;;
		esac
	done
	[ -z "$wrong" ] || echo "# not above $room in the table:$wrong"
	[ -z "$wrong" ]
	report $? "$room uses only rooms above it"
	above+="$room "
done

# includes FOLDER: "file:room/header.h" for each include of ours.
includes() {
	find "$1" -name '*.[ch]' -exec grep -HoE '^ *# *include +"[^"]+"' {} + |
	    sed -E 's/^([^:]*): *# *include +"([^"]*)"/\1:\2/'
}

# check_folder FOLDER ALLOWED-ROOMS: prints what reaches elsewhere.
check_folder() {
	includes "$1" | while IFS=: read -r file header; do
		case "$header" in
		config.h) continue ;;
		*/*) ;;
		*) echo "# $file: \"$header\" does not say its room" ;;
		esac
		[ -e "$header" ] || echo "# $file: there is no $header"
		case " $2 " in
		*" ${header%%/*} "*) ;;
		*) echo "# $file: \"$header\" is out of its reach" ;;
		esac
	done
}

for room in "${rooms[@]}"; do
	[ -d "$room" ] || continue
	found=$(check_folder "$room" "$room ${uses[$room]}")
	[ -z "$found" ] || echo "$found"
	[ -z "$found" ]
	report $? "includes of $room are what its line allows"
	[ -d "tests/$room" ] || continue
	found=$(check_folder "tests/$room" "tests ${reaches[$room]}")
	[ -z "$found" ] || echo "$found"
	[ -z "$found" ]
	report $? "tests of $room include no more than the room reaches"
done

for folder in $(find . -mindepth 2 -maxdepth 2 -name '*.c' -printf '%h\n' |
    sort -u); do
	case " ${rooms[*]} tests fuzz bench doc examples " in
	*" ${folder#./} "*) ;;
	*)
		case "$folder" in ./build*|./demo*) continue ;; esac
		echo "# ${folder#./} is no room"
		report 1 "every folder with code is in the table"
		;;
	esac
done

echo "1..$count"
exit $bad
