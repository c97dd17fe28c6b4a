/* Object identifiers that SignedData is made of: their encoded values. */
#ifndef SIGND_CMS_OID_H
#define SIGND_CMS_OID_H

#include "base/bytes.h"

/* RFC 5652: id-data, id-signedData. */
#define OID_DATA BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
#define OID_SIGNED_DATA BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
/* RFC 5652 11: contentType, messageDigest, signingTime, counterSignature. */
#define OID_CONTENT_TYPE BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03")
#define OID_MESSAGE_DIGEST BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04")
#define OID_SIGNING_TIME BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05")
#define OID_COUNTER_SIGNATURE BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06")
/* RFC 6211: the algorithms, signed. */
#define OID_ALGORITHM_PROTECTION                                               \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x34")
/* RFC 5035: signingCertificate, signingCertificateV2. */
#define OID_SIGNING_CERTIFICATE                                                \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c")
#define OID_SIGNING_CERTIFICATE_V2                                             \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f")
/* RFC 3161: signature-time-stamp-token, id-ct-TSTInfo. */
#define OID_SIGNATURE_TIME_STAMP                                               \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e")
#define OID_TST_INFO BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04")
/* ETSI EN 319 122-1: revocation-values, archive-time-stamp-v3. */
#define OID_REVOCATION_VALUES                                                  \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x18")
#define OID_ARCHIVE_TIME_STAMP_V3 BYTES_LIT("\x04\x00\x8d\x45\x02\x04")
/* ISO 32000-2 12.8.3.3.2: adbe-revocationInfoArchival. */
#define OID_ADBE_REVOCATION BYTES_LIT("\x2a\x86\x48\x86\xf7\x2f\x01\x01\x08")
/* RFC 5940: id-ri-ocsp-response; RFC 6960: id-pkix-ocsp-basic. */
#define OID_RI_OCSP BYTES_LIT("\x2b\x06\x01\x05\x05\x07\x10\x02")
#define OID_OCSP_BASIC BYTES_LIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x01")
/* EN 319 122-1 5.2 and 5.3, TS 101 733: signed and unsigned attributes. */
#define OID_SIGNATURE_POLICY                                                   \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0f")
#define OID_COMMITMENT_TYPE                                                    \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x10")
#define OID_SIGNER_LOCATION                                                    \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x11")
#define OID_CONTENT_TIME_STAMP                                                 \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x14")
#define OID_CERTIFICATE_REFS                                                   \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x15")
#define OID_REVOCATION_REFS                                                    \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x16")
#define OID_CERTIFICATE_VALUES                                                 \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x17")
#define OID_ESC_TIME_STAMP                                                     \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x19")
#define OID_CERT_CRL_TIME_STAMP                                                \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x1a")
#define OID_ARCHIVE_TIME_STAMP_V2                                              \
	BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x30")
#define OID_ATS_HASH_INDEX BYTES_LIT("\x04\x00\x8d\x45\x02\x05")
#define OID_ATS_HASH_INDEX_V2 BYTES_LIT("\x04\x00\x81\x95\x32\x01\x04")
#define OID_ATS_HASH_INDEX_V3 BYTES_LIT("\x04\x00\x81\x95\x32\x01\x05")
#define OID_SIGNER_ATTRIBUTES_V2                                               \
	BYTES_LIT("\x04\x00\x81\x95\x32\x01\x01")
/* Qualifier of a signature policy: its URI.  X.520: title. */
#define OID_SP_URI BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x05\x01")
#define OID_TITLE BYTES_LIT("\x55\x04\x0c")
#define OID_SHA256 BYTES_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x01")

#endif
