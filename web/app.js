"use strict";
/* The page of verification.  Everything that comes from a document or the
   server is put in as text, never as markup. */
(function () {
	const form = document.getElementById("verify");
	const file = document.getElementById("document");
	const content = document.getElementById("content");
	const keep = document.getElementById("keep");
	const drop = document.getElementById("drop");
	const busy = document.getElementById("busy");
	const result = document.getElementById("result");
	const button = form.querySelector("button");
	let last = null; /* report or problem, to be told in another language */

	const words = {
		vi: {
			title: "Kiểm tra chữ ký số", busy: "Đang kiểm tra…",
			offline: "Không kết nối được với máy chủ.",
			again: "Kiểm tra mạng rồi thử lại.",
			report: "Tải báo cáo (JSON)", signer: "Người ký",
			issuer: "Đơn vị cấp chứng thư", serial: "Số chứng thư",
			cert: "Chứng thư", from: "Hiệu lực từ", to: "Đến",
			claimed: "Thời gian ký (tự khai)",
			best: "Thời gian dùng để xét",
			reason: "Lý do", location: "Nơi ký", format: "Định dạng",
			algorithm: "Thuật toán", covers: "Phạm vi ký",
			whole: "toàn bộ tệp", part: "một phần tệp",
			changes: "Thay đổi sau khi ký", domain: "Hệ thống tin cậy",
			signature: "Chữ ký", of: "trên", details: "Chi tiết",
			file: "Tệp", sha: "SHA-256", policy: "Chính sách",
			time: "Thời điểm kiểm tra", code: "Mã",
			seen: "Xem lại kết quả này", receipt: "Tải biên nhận (PDF)"
		},
		en: {
			title: "Verify a digital signature", busy: "Verifying…",
			offline: "The server cannot be reached.",
			again: "Check the connection and try again.",
			report: "Download the report (JSON)", signer: "Signer",
			issuer: "Issuer", serial: "Serial number",
			cert: "Certificate", from: "In force from", to: "Until",
			claimed: "Signing time (claimed)", best: "Time judged at",
			reason: "Reason", location: "Place", format: "Format",
			algorithm: "Algorithm", covers: "What is signed",
			whole: "the whole file", part: "a part of the file",
			changes: "Changes after signing", domain: "Domain of trust",
			signature: "Signature", of: "of", details: "Details",
			file: "File", sha: "SHA-256", policy: "Policy",
			time: "Verified at", code: "Code",
			seen: "See this result again",
			receipt: "Download the receipt (PDF)"
		}
	};
	const looks = {
		"TOTAL-PASSED": ["good", "✓"], "INDETERMINATE": ["open", "?"],
		"TOTAL-FAILED": ["bad", "✗"]
	};

	function lang() {
		return document.getElementById("lang-en").checked ? "en" : "vi";
	}
	function say(key) { return words[lang()][key]; }
	function both(pair) { return pair ? pair[lang()] || "" : ""; }

	function make(tag, className, text) {
		const e = document.createElement(tag);
		if (className) { e.className = className; }
		if (text !== undefined && text !== null) { e.textContent = text; }
		return e;
	}
	function add(parent) {
		for (let i = 1; i < arguments.length; i++) {
			parent.appendChild(arguments[i]);
		}
		return parent;
	}
	function when(iso) {
		if (!iso) { return ""; }
		const t = new Date(iso);
		return isNaN(t) ? iso : t.toLocaleString(
			lang() === "vi" ? "vi-VN" : "en-GB",
			{ timeZone: "Asia/Ho_Chi_Minh", dateStyle: "medium",
				timeStyle: "medium" }) + " (GMT+7)";
	}

	function verdict(o, level) {
		const look = looks[o.indication] || ["open", "?"];
		const box = make("section", "verdict " + look[0]);
		const word = make(level, "word");
		const sign = make("span", "sign", look[1]);
		sign.setAttribute("aria-hidden", "true");
		add(word, sign, document.createTextNode(both(o.result_text)));
		add(box, word, make("p", "said", both(o.sentence)));
		if (both(o.next)) { add(box, make("p", "said", both(o.next))); }
		return box;
	}

	function row(list, key, value) {
		if (value === undefined || value === null || value === "") { return; }
		add(list, make("dt", "", say(key)), make("dd", "", value));
	}

	function notes(list) {
		const ul = make("ul", "notes");
		(list || []).forEach(function (n) {
			const text = both(n.sentence) + (n.detail ? " (" + n.detail + ")" : "");
			add(ul, make("li", "", text));
		});
		return ul;
	}

	function signature(s, i, n) {
		const box = make("section", "signature");
		const c = s.certificate || {};
		const t = s.time || {};
		const cover = s.coverage || {};
		add(box, make("h2", "", say("signature") + " " + (i + 1) + " " +
			say("of") + " " + n));
		if (n > 1) { add(box, verdict(s, "h3")); }
		const main = make("dl");
		row(main, "signer", s.signer || s.claimed_name);
		row(main, "claimed", when(t.claimed));
		row(main, "cert", both(c.state_text));
		row(main, "issuer", c.issuer_common_name);
		row(main, "covers", cover.whole_file ? say("whole") : say("part"));
		row(main, "changes", both(cover.changes_text));
		row(main, "reason", s.reason);
		row(main, "location", s.location);
		add(box, main);
		if (s.notes && s.notes.length) { add(box, notes(s.notes)); }
		const more = make("details");
		const dl = make("dl");
		add(more, make("summary", "", say("details")));
		row(dl, "format", [s.format, s.level].filter(Boolean).join(" "));
		row(dl, "algorithm", (s.integrity || {}).algorithm);
		row(dl, "best", when(t.best));
		row(dl, "domain", (s.trust || {}).domain);
		row(dl, "serial", c.serial);
		row(dl, "from", when(c.not_before));
		row(dl, "to", when(c.not_after));
		row(dl, "code", s.code + (s.sub_indication ? " " + s.sub_indication : ""));
		add(box, add(more, dl));
		return box;
	}

	function download(report) {
		const a = make("a", "", say("report"));
		a.href = URL.createObjectURL(new Blob(
			[JSON.stringify(report, null, 1)], { type: "application/json" }));
		a.download = "signd-report.json";
		return add(make("p"), a);
	}

	function link(text, href) {
		const a = make("a", "", text);
		a.href = href;
		return a;
	}

	/* The id is the service's, and hexadecimal. */
	function links(v) {
		const p = make("p", "links");
		if (!v || !/^[0-9a-f]{32}$/.test(v.id)) { return p; }
		add(p, link(say("seen"), "/v/" + v.id + "?lang=" + lang()));
		if (v.kept === "report") {
			add(p, link(say("receipt"), "/receipts/" + v.id));
		}
		return p;
	}

	function showReport(report) {
		const list = report.signatures || [];
		add(result, verdict(report, "h2"), links(report.verification));
		list.forEach(function (s, i) {
			add(result, signature(s, i, list.length));
		});
		if (report.notes && report.notes.length) {
			add(result, notes(report.notes));
		}
		const more = make("details");
		const dl = make("dl");
		const d = report.document || {};
		add(more, make("summary", "", say("file")));
		row(dl, "format", d.format);
		row(dl, "sha", d.sha256);
		row(dl, "policy", both((report.policy || {}).sentence));
		row(dl, "time", when(report.validation_time));
		add(result, add(more, dl), download(report));
	}

	function showProblem(p) {
		const box = make("section", "verdict error");
		const word = make("h2", "word");
		const sign = make("span", "sign", "!");
		sign.setAttribute("aria-hidden", "true");
		add(word, sign, document.createTextNode(both(p.text)));
		add(box, word, make("p", "said", both(p.next)));
		if (p.detail) { add(box, make("p", "said", p.detail)); }
		add(box, make("p", "code", p.code + (p.requestId ? " · " + p.requestId : "")));
		add(result, box);
	}

	function show() {
		document.documentElement.lang = lang();
		document.title = say("title");
		if (!last) { return; }
		result.replaceChildren();
		result.hidden = false;
		if (last.report) { showReport(last.report); } else { showProblem(last.problem); }
	}

	function offline() {
		return { code: "offline",
			text: { vi: words.vi.offline, en: words.en.offline },
			next: { vi: words.vi.again, en: words.en.again } };
	}

	async function ask() {
		let options;
		let query = "?filename=" + encodeURIComponent(file.files[0].name);
		if (keep.checked) { query += "&keep=report"; }
		const headers = { "Accept": "application/json" };
		if (content.files.length) {
			const data = new FormData();
			data.append("document", file.files[0]);
			data.append("content", content.files[0]);
			options = { method: "POST", headers: headers, body: data };
		} else {
			headers["Content-Type"] = "application/octet-stream";
			options = { method: "POST", headers: headers, body: file.files[0] };
		}
		const answer = await fetch("/v1/verifications" + query, options);
		const doc = await answer.json();
		return answer.ok ? { report: doc } : { problem: doc };
	}

	async function verify() {
		if (!file.files.length || button.disabled) { return; }
		button.disabled = true;
		result.hidden = true;
		busy.textContent = say("busy");
		try {
			last = await ask();
		} catch (e) {
			last = { problem: offline() };
		}
		busy.textContent = "";
		button.disabled = false;
		show();
		result.focus();
	}

	form.addEventListener("submit", function (e) {
		e.preventDefault();
		verify();
	});
	["dragenter", "dragover"].forEach(function (name) {
		drop.addEventListener(name, function (e) {
			e.preventDefault();
			drop.classList.add("over");
		});
	});
	["dragleave", "drop"].forEach(function (name) {
		drop.addEventListener(name, function () { drop.classList.remove("over"); });
	});
	drop.addEventListener("drop", function (e) {
		e.preventDefault();
		if (e.dataTransfer.files.length) {
			file.files = e.dataTransfer.files;
			verify();
		}
	});
	document.querySelectorAll("input.lang").forEach(function (r) {
		r.addEventListener("change", show);
	});
	if (location.search === "?lang=en") {
		document.getElementById("lang-en").checked = true;
	}
	show();
})();
