// The server draws the page and its picture; once a second this asks for both again and puts in what has changed. The
// picture is replaced when the new one can be shown, so that it never flickers.
"use strict";
(() => {
	const byId = (id) => document.getElementById(id);
	let asked = 0; // counts the questions, so that a late answer to an older one is thrown away

	async function newPicture(img) {
		const url = new URL(img.getAttribute("src"), location.href);
		if (matchMedia("(prefers-color-scheme: dark)").matches) url.searchParams.set("dark", "1");
		url.searchParams.set("at", Date.now());
		const fresh = new Image();
		for (const name of ["alt", "width", "height"]) fresh.setAttribute(name, img.getAttribute(name));
		fresh.src = url;
		await fresh.decode();
		return fresh;
	}

	async function refresh() {
		const mine = ++asked;
		const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
		if (!answer.ok) throw new Error(answer.statusText);
		const next = new DOMParser().parseFromString(await answer.text(), "text/html");
		const img = next.querySelector("#plot img");
		let fresh = null; // never part of the other document: an image that changes documents loads again
		if (img) {
			fresh = await newPicture(img);
			next.getElementById("plot").replaceChildren();
		}
		if (mine !== asked) return;
		const focused = document.activeElement && document.activeElement.getAttribute("href");
		for (const id of ["totals", "detail", "list"]) byId(id).replaceChildren(...next.getElementById(id).childNodes);
		if (fresh) byId("plot").replaceChildren(fresh);
		document.title = next.title;
		if (focused) {
			const again = document.querySelector(`main a[href="${CSS.escape(focused)}"]`);
			if (again) again.focus({ preventScroll: true });
		}
	}

	async function tick() {
		try {
			if (!document.hidden) await refresh();
			byId("lost").hidden = true;
		} catch {
			byId("lost").hidden = false;
		}
		setTimeout(tick, 1000);
	}

	// Choosing a truck keeps the place in the list.
	document.addEventListener("click", (e) => {
		const a = e.target.closest("#list td a");
		if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
		e.preventDefault();
		history.pushState(null, "", a.href);
		refresh().catch(() => { byId("lost").hidden = false; });
	});
	window.addEventListener("popstate", () => refresh().catch(() => {}));
	setTimeout(tick, 1000);
})();
