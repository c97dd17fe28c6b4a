#!/bin/sh
# What strangers write into a connection: nothing of it ends a process, is
# answered by a fault of ours, or leaves anything behind.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

need python3
# Nobody else looks into a process that leaves no core.
[ "$(id -u)" -eq 0 ] || skip_all "only root can count the front's descriptors"
world_make 'header-seconds = 2' 'body-seconds = 2' 'connections-max = 64'
ok $? "a service comes up"
front=$(child front)
python3 "$top_srcdir/tests/signd/strangers.py" "$port_citizen" "$port_public" \
    "$front" > "$dir/hostile" 2>&1
done=$?
while IFS= read -r line; do
	case $line in
	"ok - "*) ok 0 "${line#ok - }" ;;
	"not ok - "*) ok 1 "${line#not ok - }" ;;
	*) echo "# $line" ;;
	esac
done < "$dir/hostile"
ok $done "all of it was tried"
[ "$(child front)" = "$front" ]; ok $? "the front is still the same"
! grep -q 'event=died\|request-failed' "$dir/log"
ok $? "nobody died, and nothing failed inside"
await well; expect 200 '' "all processes are well"
service_stop; ok $? "signd stops with status 0"
finish
