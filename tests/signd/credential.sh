#!/bin/sh
# The token's PIN as systemd gives it (LoadCredential=): a file in a folder,
# both root's alone.  The keyholder reads it although it runs as another user.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
[ "$(id -u)" -eq 0 ] || skip_all "only root can keep a file from the keyholder"

service_make
token_make && ceremony; ok $? "the ceremony is done"
mkdir -m 700 "$dir/credentials"
mv "$dir/token/pin" "$dir/credentials/token-pin"
chown root:root "$dir/credentials/token-pin"
chmod 400 "$dir/credentials/token-pin"
sed -i 's|^token-pin-file = .*|token-pin-file = $CREDENTIALS_DIRECTORY/token-pin|' \
    "$dir/signd.conf"
CREDENTIALS_DIRECTORY=$dir/credentials
export CREDENTIALS_DIRECTORY
service_start; ok $? "the service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen can be given a key"
holder=$(child keyholder)
[ "$(stat -c %U "/proc/$holder")" = daemon ]
ok $? "the keyholder is not root"
for role in front worker fetcher ledger; do
	! ls -l "/proc/$(child $role)/fd" | grep -q token-pin
	ok $? "the $role has no hold of the PIN's file"
done
finish
