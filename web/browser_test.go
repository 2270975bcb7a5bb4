package web

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is a page of a headless Chromium.
type tab struct {
	*testing.T
	ctx context.Context
}

// newTab starts a browser with a profile of its own, or skips.
func newTab(t *testing.T) tab {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium, chromium-browser or google-chrome in PATH")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return tab{t, ctx}
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// see waits until an expression is true in the page.
func (p tab) see(expression string) {
	p.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool](expression)); err != nil {
		p.Fatalf("the page does not come to %s: %v", expression, err)
	}
}

// evaluate answers an expression's value.
func evaluate[T any](p tab, expression string) T {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", expression, err)
	}
	return v
}

// complaints gathers what the browser has against the page: a failed script, or what the security policy forbids.
func (p tab) complaints() func() []string {
	p.Helper()
	var mu sync.Mutex
	var all []string
	err := chromedp.Listen(p.ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			all = append(all, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			all = append(all, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		p.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestPageInBrowser(t *testing.T) {
	p := newTab(t)
	s := serve(t)
	complaints := p.complaints()
	p.do(chromedp.Navigate(s.url + "/"))
	if got := evaluate[string](p, `document.querySelector("#detail").innerText`); !strings.Contains(got, "No truck has been heard of yet") {
		t.Errorf("an empty fleet says %q", got)
	}

	// Two trucks come, and the open page shows them.
	for rev := range int64(30) {
		s.put(t, driven("T-17", rev+1), driven("T-18", rev+1))
	}
	p.see(`document.querySelectorAll("#list tbody tr").length === 2`)
	p.see(`document.querySelector("#totals dd").textContent === "2"`)
	p.see(`document.querySelector("#detail h2").textContent.startsWith("T-17")`)

	// Selecting one shows its picture, without a new page.
	p.do(chromedp.Evaluate[chromedp.Void](`window.samePage = true`), chromedp.Click(chromedp.CSS(`#list a[href="/?truck=T-18"]`)))
	p.see(`document.querySelector("#detail h2").textContent.startsWith("T-18")`)
	p.see(`window.samePage && location.search === "?truck=T-18" && document.querySelector("tr.selected a").textContent === "T-18"`)
	const shown = `(() => {
		const img = document.querySelector("#plot img");
		return img.complete && img.naturalWidth > 0 && img.currentSrc.includes("T-18");
	})()`
	p.see(shown)

	// The picture changes when the truck has moved, and is never gone meanwhile.
	const svg = `fetch(document.querySelector("#plot img").currentSrc).then((r) => r.text())`
	before := evaluate[string](p, svg)
	p.do(chromedp.Evaluate[chromedp.Void](`
		window.firstPicture = document.querySelector("#plot img").currentSrc;
		window.gone = 0;
		new MutationObserver(() => {
			const img = document.querySelector("#plot img");
			if (!img || !img.complete || img.naturalWidth === 0) window.gone++;
		}).observe(document.querySelector("#detail"), {childList: true, subtree: true});`))
	s.put(t, driven("T-18", 31))
	p.see(`document.querySelector("#facts").textContent.includes("offset 31")`)
	p.see(`document.querySelector("#plot img").currentSrc !== window.firstPicture && ` + shown)
	if after := evaluate[string](p, svg); after == before {
		t.Error("the picture is the same after the truck has moved")
	}
	if gone := evaluate[int](p, `window.gone`); gone != 0 {
		t.Errorf("the picture was gone %d times", gone)
	}
	if c := complaints(); len(c) != 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
