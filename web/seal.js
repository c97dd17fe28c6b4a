"use strict";
/* Seals a PIN to the service's key in its token: HPKE (RFC 9180), base mode,
   DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, as certs/pin_message.h
   has it.  Nobody between this page and the token can read it, or use it for
   anything else than what it was sealed for. */
const signdSeal = (function () {
	const utf8 = new TextEncoder();
	const none = new Uint8Array(0);
	const kem = bytes([0x4b, 0x45, 0x4d, 0, 0x10]);
	const suite = bytes([0x48, 0x50, 0x4b, 0x45, 0, 0x10, 0, 1, 0, 2]);

	function bytes(list) { return Uint8Array.from(list); }
	function join(...parts) {
		const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
		let at = 0;
		parts.forEach(function (p) { out.set(p, at); at += p.length; });
		return out;
	}
	function number(value, length) { /* big endian */
		const out = new Uint8Array(length);
		for (let i = length - 1; i >= 0; i--) {
			out[i] = value % 256;
			value = Math.floor(value / 256);
		}
		return out;
	}
	function field(tag, value) {
		return join(number(tag, 2), number(value.length, 4), value);
	}
	function fromBase64(text) {
		return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	}
	function toBase64url(b) {
		return btoa(String.fromCharCode(...b)).replace(/\+/g, "-")
			.replace(/\//g, "_").replace(/=+$/, "");
	}

	async function hmac(key, data) {
		/* An empty key is one of zeros; browsers take no empty one. */
		const k = await crypto.subtle.importKey("raw",
			key.length ? key : new Uint8Array(32),
			{ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
		return new Uint8Array(await crypto.subtle.sign("HMAC", k, data));
	}
	function extract(id, salt, label, ikm) {
		return hmac(salt, join(utf8.encode("HPKE-v1"), id,
			utf8.encode(label), ikm));
	}
	async function expand(id, prk, label, info, length) { /* at most 32 */
		const t = await hmac(prk, join(number(length, 2),
			utf8.encode("HPKE-v1"), id, utf8.encode(label), info, [1]));
		return t.slice(0, length);
	}

	async function sharedSecret(ephemeral, enc, to, point) {
		const dh = new Uint8Array(await crypto.subtle.deriveBits(
			{ name: "ECDH", public: to }, ephemeral.privateKey, 256));
		const prk = await extract(kem, none, "eae_prk", dh);
		return expand(kem, prk, "shared_secret", join(enc, point), 32);
	}
	async function schedule(shared) {
		const context = join([0],
			await extract(suite, none, "psk_id_hash", none),
			await extract(suite, none, "info_hash", utf8.encode("signd pin 1")));
		const secret = await extract(suite, shared, "secret", none);
		return {
			key: await expand(suite, secret, "key", context, 32),
			nonce: await expand(suite, secret, "base_nonce", context, 12),
			exporter: await expand(suite, secret, "exp", context, 32)
		};
	}
	function gcm(key, use) {
		return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
	}

	async function hpke(spki, aad, plain) {
		const curve = { name: "ECDH", namedCurve: "P-256" };
		const to = await crypto.subtle.importKey("spki", spki, curve, true, []);
		const point = new Uint8Array(await crypto.subtle.exportKey("raw", to));
		const ephemeral = await crypto.subtle.generateKey(curve, true,
			["deriveBits"]);
		const enc = new Uint8Array(
			await crypto.subtle.exportKey("raw", ephemeral.publicKey));
		const s = await schedule(await sharedSecret(ephemeral, enc, to, point));
		const value = await crypto.subtle.encrypt(
			{ name: "AES-GCM", iv: s.nonce, additionalData: aad },
			await gcm(s.key, "encrypt"), plain);
		return { sealed: join(enc, new Uint8Array(value)), exporter: s.exporter };
	}

	/* What a PIN is for: { what, subject, count, digestOid, digests }. */
	function purposeOf(p) {
		return join(field(1, utf8.encode(p.what)),
			field(2, utf8.encode(p.subject)), field(3, number(p.count, 8)),
			field(4, utf8.encode(p.digestOid || "")),
			...(p.digests || []).map((d) => field(5, d)));
	}

	/* The sealed PIN as the API wants it, and how to open its answer. */
	async function seal(pin, code, purpose) {
		const answer = await fetch("/v1/pin-key");
		const key = await answer.json();
		if (!answer.ok) { throw key; }
		const spki = fromBase64(key.publicKey);
		const id = new Uint8Array(
			await crypto.subtle.digest("SHA-256", spki)).slice(0, 8);
		const plain = join(field(1, number(key.time, 8)),
			field(2, utf8.encode(pin.normalize("NFC"))),
			field(3, utf8.encode(code || "")));
		const made = await hpke(spki, purposeOf(purpose), plain);
		return { text: toBase64url(join(id, made.sealed)),
			open: (text) => openAnswer(made.exporter, fromBase64(text)) };
	}
	async function openAnswer(exporter, sealed) {
		const key = await expand(suite, exporter, "sec",
			utf8.encode("signd answer 1"), 32);
		return new TextDecoder().decode(await crypto.subtle.decrypt(
			{ name: "AES-GCM", iv: new Uint8Array(12) },
			await gcm(key, "decrypt"), sealed));
	}
	return { seal: seal };
})();
