/* Whether our own CA still stands: its root may have ended it. */
#include "signd/ledger.h"

#include "certs/cert.h"

struct err *
ledger_issuer_stands(struct ledger *l)
{
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	CLEANUP(cert_freep) struct cert *ca = NULL;
	CLEANUP(buf_done) struct buf hex = BUF(64);
	const char *serial;
	bool ended = false;
	TRY(ledger_setup_get(l, &setup));
	TRY(cert_parse(buf_bytes(&setup.chain[0]), &ca));
	TRY(hex_encode(cert_serial(ca), &hex));
	TRY(buf_cstr(&hex, &serial));
	TRY(ledger_root_has_revoked(l, serial, &ended));
	return ended ? err_coded(err_new(ERR_DENIED, "RFC 5280 6.1.3",
				     "our own CA is revoked"),
			   "own-ca-revoked")
		     : NULL;
}
