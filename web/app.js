"use strict";
/* The page of verification.  Everything that comes from a document or the
   server is put in as text, never as markup. */
(function () {
	const form = document.getElementById("verify");
	const file = document.getElementById("document");
	const content = document.getElementById("content");
	const password = document.getElementById("password");
	const keep = document.getElementById("keep");
	const time = document.getElementById("time");
	const advanced = document.getElementById("advanced");
	const drop = document.getElementById("drop");
	const busy = document.getElementById("busy");
	const result = document.getElementById("result");
	const button = form.querySelector("button");
	let last = null; /* report or problem, to be told in another language */

	const words = {
		vi: {
			title: "Kiểm tra chữ ký số", busy: "Đang kiểm tra…",
			offline: "Không kết nối được với máy chủ.",
			again: "Chưa sử dụng tệp này. Kiểm tra mạng rồi thử lại.",
			wait: "Chưa sử dụng tệp này. ",
			open: "CHƯA XÁC ĐỊNH ĐƯỢC", next: "Việc cần làm",
			report: "Tải báo cáo (JSON)", notes: "Lưu ý",
			details: "Chi tiết", format: "Định dạng",
			serial: "Số chứng thư", file: "Tệp",
			policy: "Chính sách", time: "Kiểm tra lúc", code: "Mã",
			technical: "Chi tiết kỹ thuật",
			seen: "Xem lại kết quả này, xem các bước kiểm tra, in",
			link: "Xem lại kết quả này", receipt: "Tải biên nhận (PDF)"
		},
		en: {
			title: "Verify a digital signature", busy: "Verifying…",
			offline: "The server cannot be reached.",
			again: "Do not use this file yet. Check the connection and try again.",
			wait: "Do not use this file yet. ",
			open: "INDETERMINATE", next: "What to do",
			report: "Download the report (JSON)", notes: "Please note",
			details: "Details", format: "Format",
			serial: "Serial number", file: "File",
			policy: "Policy", time: "Checked at", code: "Code",
			technical: "Technical detail",
			seen: "See this result again, with every step, and print it",
			link: "See this result again",
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
	/* As the page of the result has it: 22/11/2026 15:20 +07:00. */
	function when(iso) {
		const t = new Date(iso);
		if (!iso || isNaN(t)) { return iso || ""; }
		const p = new Date(t.getTime() + 7 * 3600000).toISOString();
		const day = p.slice(0, 10);
		return (lang() === "vi" ? day.split("-").reverse().join("/") : day) +
			" " + p.slice(11, 16) + " +07:00";
	}

	function next(box, text) {
		if (!text) { return; }
		add(box, add(make("p", "said"), make("strong", "", say("next") + ": "),
			document.createTextNode(text)));
	}

	/* What one of several signatures lets somebody do is for the whole to
	 * say. */
	function verdict(o, level, whole) {
		const look = looks[o.indication] || looks.INDETERMINATE;
		const box = make("section", "verdict " + look[0]);
		const word = make(level, "word");
		const sign = make("span", "sign", look[1]);
		sign.setAttribute("aria-hidden", "true");
		add(word, sign, document.createTextNode(both(o.result_text)));
		add(box, word, make("p", "said", both(o.sentence)));
		if (whole || o.indication !== "TOTAL-PASSED") { next(box, both(o.next)); }
		return box;
	}

	function row(list, key, value) {
		if (value === undefined || value === null || value === "") { return; }
		add(list, make("dt", "", say(key)), make("dd", "", value));
	}

	function notes(box, list, level) {
		if (!list || !list.length) { return; }
		const ul = make("ul", "notes");
		list.forEach(function (n) { add(ul, make("li", "", n)); });
		add(box, make(level, "", say("notes")), ul);
	}

	/* The lines are the service's: the same as on the page of the result. */
	function signature(s, n) {
		const box = make("section", "signature");
		const shown = s.shown[lang()];
		const main = make("dl");
		add(box, make("h2", "", shown.heading));
		if (n > 1) { add(box, verdict(s, "h3", false)); }
		for (let i = 0; i + 1 < shown.rows.length; i += 2) {
			add(main, make("dt", "", shown.rows[i]),
				make("dd", "", shown.rows[i + 1]));
		}
		add(box, main);
		notes(box, shown.notes, "h3");
		const more = make("details");
		const dl = make("dl");
		add(more, make("summary", "", say("details")));
		row(dl, "format", [s.format, s.level].filter(Boolean).join(" "));
		row(dl, "serial", (s.certificate || {}).serial);
		row(dl, "code", [s.code, s.sub_indication].filter(Boolean).join(" "));
		return add(box, add(more, dl));
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
		add(p, link(say(v.kept === "report" ? "seen" : "link"),
			"/v/" + v.id + "?lang=" + lang()));
		if (v.kept === "report") {
			add(p, link(say("receipt"), "/receipts/" + v.id));
		}
		return p;
	}

	/* What whoever made the file may want to know. */
	function technical(report) {
		const note = (report.notes || [])[0];
		return (report.document || {}).unreadable && note ?
			[note.code, note.detail].filter(Boolean).join(": ") : "";
	}

	function policyText(report) {
		const p = report.policy || {};
		return [p.name, both(p.sentence)].filter(Boolean).join(": ");
	}

	function showReport(report) {
		const list = report.signatures || [];
		const shown = report.shown[lang()];
		const d = report.document || {};
		const dl = make("dl");
		add(result, verdict(report, "h2", true));
		row(dl, "file", d.name);
		row(dl, "time", when(report.validation_time));
		/* Who asked for another rule is told by which it was judged. */
		if (policy()) { row(dl, "policy", policyText(report)); }
		row(dl, "technical", technical(report));
		add(result, dl);
		if (shown.counts) { add(result, make("p", "", shown.counts)); }
		notes(result, shown.notes, "h2");
		add(result, links(report.verification));
		list.forEach(function (s) {
			add(result, signature(s, list.length));
		});
		const more = make("details");
		const rest = make("dl");
		add(more, make("summary", "", say("details")));
		row(rest, "format", d.format);
		add(rest, make("dt", "", "SHA-256"), make("dd", "code", d.sha256));
		row(rest, "policy", policyText(report));
		row(rest, "code", [report.code, report.sub_indication]
			.filter(Boolean).join(" "));
		add(result, add(more, rest), download(report));
	}

	/* Nothing was found out: the word is the third one here, too. */
	function showProblem(p) {
		const box = make("section", "verdict open");
		const word = make("h2", "word");
		const sign = make("span", "sign", "?");
		const todo = both(p.next);
		sign.setAttribute("aria-hidden", "true");
		add(word, sign, document.createTextNode(say("open")));
		add(box, word, make("p", "said", both(p.text)));
		next(box, todo.startsWith(say("wait")) ? todo : say("wait") + todo);
		add(box, make("p", "code", [p.code, p.detail, p.requestId]
			.filter(Boolean).join(" · ")));
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

	/* What the next step asks for is at hand. */
	function askMore() {
		const code = (last.report || last.problem).code;
		const field = { "pdf-password": password, "content-missing": content }[code];
		if (!field) { return; }
		field.closest("details").open = true;
		field.focus();
	}

	function offline() {
		return { code: "offline",
			text: { vi: words.vi.offline, en: words.en.offline },
			next: { vi: words.vi.again, en: words.en.again } };
	}

	/* The service takes 255 bytes of a name. */
	function fitting(name) {
		const letters = Array.from(name.toWellFormed ? name.toWellFormed() : name);
		while (new TextEncoder().encode(letters.join("")).length > 255) {
			letters.pop();
		}
		return letters.join("");
	}

	/* Chosen where most people do not look; empty: as the service is set. */
	function policy() {
		return form.querySelector("input[name=policy]:checked").value;
	}
	function chosen() {
		let query = "";
		if (policy()) { query += "&policy=" + encodeURIComponent(policy()); }
		if (time.value) {
			query += "&time=" + encodeURIComponent(time.value + "+07:00");
		}
		return query;
	}

	async function ask() {
		let options;
		let query = "?shown=yes&filename=" +
			encodeURIComponent(fitting(file.files[0].name));
		if (keep.checked) { query += "&keep=report"; }
		query += chosen();
		const headers = { "Accept": "application/json" };
		if (content.files.length || password.value) {
			const data = new FormData();
			data.append("document", file.files[0]);
			if (content.files.length) { data.append("content", content.files[0]); }
			if (password.value) { data.append("password", password.value); }
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
		if (!time.reportValidity()) { return; }
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
		askMore();
	}

	/* A result stands under no other file than its own. */
	function forget() {
		last = null;
		result.hidden = true;
		password.value = "";
	}

	file.addEventListener("change", forget);
	content.addEventListener("change", function () {
		result.hidden = true;
	});
	/* Nor under another rule or time. */
	advanced.addEventListener("change", function () {
		last = null;
		result.hidden = true;
	});
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
			forget();
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
