"use strict";
/* Sets the PIN.  The token stands behind the # of the link: the browser does
   not send it by itself, and it is taken out of the address at once. */
(function () {
	const token = decodeURIComponent(location.hash.slice(1));
	const form = document.getElementById("activate");
	const pin = document.getElementById("pin");
	const again = document.getElementById("again");
	const show = document.getElementById("show");
	const who = document.getElementById("who");
	const result = document.getElementById("result");
	const button = form.querySelector("button");
	const key = Array.from(crypto.getRandomValues(new Uint8Array(16)),
		function (b) { return b.toString(16).padStart(2, "0"); }).join("");
	history.replaceState(null, "", location.pathname);

	const words = {
		vi: {
			none: "Đường dẫn thiếu mã. Mở lại đường dẫn đã nhận.",
			hello: "Xin chào ", used: "Đường dẫn này đã được dùng.",
			expired: "Đường dẫn đã hết hạn. Đến quầy để nhận đường dẫn mới.",
			differ: "Hai lần nhập không giống nhau.",
			work: "Đang tạo khóa và chứng thư…",
			done: "Đã xong. Chữ ký số của bạn dùng được ngay.",
			id: "Mã chữ ký số của bạn: ",
			second: "Mỗi lần ký cần thêm mã sáu chữ số. Thêm khóa này vào ứng dụng xác thực ngay bây giờ; trang này không hiện lại:",
			open: "Mở ứng dụng xác thực",
			offline: "Không kết nối được với máy chủ. Thử lại."
		},
		en: {
			none: "The link has no code. Open the link that you got again.",
			hello: "Hello ", used: "This link has been used.",
			expired: "The link has expired. Get a new one at the desk.",
			differ: "The two are not the same.",
			work: "Making key and certificate…",
			done: "Done. Your signature can be used now.",
			id: "Your signature's id: ",
			second: "Each signature also wants a code of six digits. Add this key to an authenticator app now; it is not shown again:",
			open: "Open the authenticator app",
			offline: "The server cannot be reached. Try again."
		}
	};
	function lang() {
		return document.getElementById("lang-en").checked ? "en" : "vi";
	}
	function say(k) { return words[lang()][k]; }

	function tell(kind, sign, text, more) {
		const box = document.createElement("section");
		const word = document.createElement("p");
		const mark = document.createElement("span");
		box.className = "verdict " + kind;
		word.className = "word";
		mark.className = "sign";
		mark.setAttribute("aria-hidden", "true");
		mark.textContent = sign;
		word.append(mark, text);
		box.append(word);
		(more || []).filter(Boolean).forEach(function (line) {
			const p = document.createElement("p");
			p.className = "said";
			p.textContent = line;
			box.append(p);
		});
		result.replaceChildren(box);
		result.hidden = false;
		result.focus();
	}
	function problem(p) {
		tell("error", "!", p.text[lang()], [p.next[lang()], p.code]);
	}
	async function post(path, body, headers) {
		const answer = await fetch(path, {
			method: "POST", body: JSON.stringify(body),
			headers: Object.assign({ "Content-Type": "application/json" }, headers)
		});
		return { ok: answer.ok, doc: await answer.json() };
	}

	async function begin() {
		if (!token) {
			tell("error", "!", say("none"));
			return;
		}
		const a = await post("/v1/activations/check", { token: token });
		if (!a.ok) { problem(a.doc); return; }
		if (a.doc.status === "activated") { tell("error", "!", say("used")); return; }
		if (a.doc.status === "expired") { tell("error", "!", say("expired")); return; }
		who.textContent = say("hello") + a.doc.name;
		form.hidden = false;
		pin.focus();
	}

	async function activate() {
		button.disabled = true;
		who.textContent = say("work");
		const sealed = await signdSeal.seal(pin.value, "",
			{ what: "activate", subject: token, count: 0 });
		const a = await post("/v1/activations",
			{ token: token, sealedPIN: sealed.text },
			{ "Idempotency-Key": key });
		who.textContent = "";
		button.disabled = false;
		if (!a.ok) { problem(a.doc); return; }
		pin.value = again.value = "";
		form.hidden = true;
		tell("good", "✓", say("done"), [say("id") + a.doc.credentialID]);
		if (a.doc.sealedOtpauth) {
			tellSecond(await sealed.open(a.doc.sealedOtpauth));
		}
	}

	/* The secret of the second factor: as text, and as a link that a phone
	   opens with its app. */
	function tellSecond(uri) {
		const text = document.createElement("p");
		const key = document.createElement("code");
		const link = document.createElement("a");
		text.textContent = say("second") + " ";
		key.id = "otp-key";
		key.textContent = new URL(uri).searchParams.get("secret")
			.replace(/(.{4})(?=.)/g, "$1 ");
		link.id = "otp-link";
		link.href = uri;
		link.textContent = say("open");
		text.append(key);
		result.firstChild.append(text, link);
	}

	function lost(e) {
		if (e && e.text) { problem(e); } else { tell("error", "!", say("offline")); }
		who.textContent = "";
		button.disabled = false;
	}

	form.addEventListener("submit", function (e) {
		e.preventDefault();
		if (pin.value !== again.value) {
			tell("error", "!", say("differ"));
			return;
		}
		activate().catch(lost);
	});
	show.addEventListener("change", function () {
		pin.type = again.type = show.checked ? "text" : "password";
	});
	document.querySelectorAll("input.lang").forEach(function (r) {
		r.addEventListener("change", function () {
			document.documentElement.lang = lang();
		});
	});
	begin().catch(lost);
})();
