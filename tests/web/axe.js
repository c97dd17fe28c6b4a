/* Behind axe-core: what it finds against WCAG 2.1 A and AA, as sentences. */
const told = arguments[arguments.length - 1];
axe.run(document, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
	/* Not of WCAG: the two buttons of the language stand before all else, as
	   the style sheet chooses by them what is shown without a script. */
	rules: { region: { enabled: false } },
	resultTypes: ["violations"]
}).then(function (found) {
	told(found.violations.map(function (v) {
		return v.id + ": " + v.help + ": " + v.nodes.map(function (n) {
			return n.html;
		}).join(" ").slice(0, 300);
	}));
}, function (e) { told(["axe: " + e]); });
