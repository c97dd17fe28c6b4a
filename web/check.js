"use strict";
/* The page of a verdict: whether a file is the one that was verified.  The file
   is hashed here and goes nowhere. */
(function () {
	const box = document.getElementById("same");
	const file = document.getElementById("same-file");
	const said = document.getElementById("same-said");

	function say(what, look) {
		said.textContent = box.dataset[what];
		said.className = "verdict " + look;
	}
	function hex(bytes) {
		return Array.from(new Uint8Array(bytes), function (b) {
			return b.toString(16).padStart(2, "0");
		}).join("");
	}
	async function compare() {
		if (!file.files.length) { return; }
		say("busy", "open");
		try {
			const sum = await crypto.subtle.digest("SHA-256",
				await file.files[0].arrayBuffer());
			const same = hex(sum) === box.dataset.sha256;
			say(same ? "yes" : "no", same ? "good" : "bad");
		} catch (e) {
			say("failed", "bad");
		}
	}
	file.addEventListener("change", compare);
})();
