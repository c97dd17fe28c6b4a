/* What can be found out about WCAG 2.1 AA by looking at a page as it is: returns
   a list of sentences, empty when nothing is wrong. */
const wrong = [];

function numbers(colour) {
	const v = colour.match(/[\d.]+/g).map(Number);
	return { rgb: v.slice(0, 3), alpha: v.length > 3 ? v[3] : 1 };
}
function luminance(rgb) {
	const v = rgb.map(function (c) {
		c /= 255;
		return c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
	});
	return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
}
function ground(e) {
	for (; e; e = e.parentElement) {
		const c = numbers(getComputedStyle(e).backgroundColor);
		if (c.alpha === 1) { return c.rgb; }
	}
	return [255, 255, 255];
}
function told(e) {
	return e.tagName.toLowerCase() + " \"" + e.textContent.trim().slice(0, 40) + "\"";
}

/* 1.4.3: 4.5 : 1, or 3 : 1 for large text. */
function contrast(e) {
	const s = getComputedStyle(e);
	const a = luminance(numbers(s.color).rgb), b = luminance(ground(e));
	const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	const px = parseFloat(s.fontSize);
	const large = px >= 24 || (px >= 18.66 && Number(s.fontWeight) >= 700);
	if (ratio < (large ? 3 : 4.5)) {
		wrong.push("contrast " + ratio.toFixed(2) + ": " + told(e));
	}
}
document.querySelectorAll("body *").forEach(function (e) {
	const own = Array.from(e.childNodes).some(function (n) {
		return n.nodeType === Node.TEXT_NODE && n.textContent.trim() !== "";
	});
	if (own && e.getClientRects().length > 0 &&
	    getComputedStyle(e).visibility === "visible") { contrast(e); }
});

/* 3.1.1, 2.4.2 */
if (!document.documentElement.lang) { wrong.push("no language"); }
if (!document.title) { wrong.push("no title"); }
/* 1.3.1, 3.3.2, 4.1.2 */
document.querySelectorAll("input, select, textarea").forEach(function (e) {
	const labels = e.labels ? e.labels.length : 0;
	if (e.type !== "hidden" && labels === 0 && !e.getAttribute("aria-label")) {
		wrong.push("no label: #" + e.id);
	}
});
document.querySelectorAll("a, button, summary").forEach(function (e) {
	if (e.textContent.trim() === "") { wrong.push("no name: " + e.outerHTML); }
});
document.querySelectorAll("img").forEach(function (e) {
	if (!e.hasAttribute("alt")) { wrong.push("no alt"); }
});
let level = 0;
document.querySelectorAll("h1, h2, h3, h4").forEach(function (e) {
	if (e.getClientRects().length === 0) { return; }
	const n = Number(e.tagName[1]);
	if (n > level + 1) { wrong.push("a heading too deep: " + told(e)); }
	level = n;
});
/* 4.1.1, 2.4.3 */
const ids = new Set();
document.querySelectorAll("[id]").forEach(function (e) {
	if (ids.has(e.id)) { wrong.push("id twice: " + e.id); }
	ids.add(e.id);
});
if (document.querySelector("[tabindex]:not([tabindex='-1']):not([tabindex='0'])")) {
	wrong.push("an order of its own for the focus");
}
/* 1.4.10: no scrolling in two directions. */
if (document.documentElement.scrollWidth > window.innerWidth) {
	wrong.push("wider than the window by " +
		(document.documentElement.scrollWidth - window.innerWidth));
}
return wrong;
