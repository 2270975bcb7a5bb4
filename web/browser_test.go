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

// browser starts a headless Chromium, or skips.
func browser(t *testing.T) context.Context {
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
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// see waits until an expression is true in the page.
func see(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[any](expression, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		t.Fatalf("the page does not come to %s: %v", expression, err)
	}
}

func textOf(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	s, err := chromedp.Run(ctx, chromedp.Text(selector))
	if err != nil {
		t.Fatalf("text of %s: %v", selector, err)
	}
	return s
}

// evaluate answers what an expression, or what its promise keeps, comes to.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func TestPageInBrowser(t *testing.T) {
	ctx := browser(t)
	s := serve(t)
	var mu sync.Mutex
	var refused []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			refused = append(refused, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			refused = append(refused, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	if got := textOf(t, ctx, "#detail"); !strings.Contains(got, "No truck has been heard of yet") {
		t.Errorf("an empty fleet says %q", got)
	}

	// Two trucks come, and the open page shows them.
	for rev := range int64(30) {
		s.put(t, driven("T-17", rev+1), driven("T-18", rev+1))
	}
	see(t, ctx, `document.querySelectorAll("#list tbody tr").length === 2`)
	see(t, ctx, `document.querySelector("#totals dd").textContent === "2"`)
	see(t, ctx, `document.querySelector("#detail h2").textContent.startsWith("T-17")`)

	// Selecting one shows its picture, without a new page.
	evaluate[bool](t, ctx, `window.samePage = true`)
	if _, err := chromedp.Run(ctx, chromedp.Click(`#list a[href="/?truck=T-18"]`)); err != nil {
		t.Fatal(err)
	}
	see(t, ctx, `document.querySelector("#detail h2").textContent.startsWith("T-18")`)
	see(t, ctx, `window.samePage && location.search === "?truck=T-18" && document.querySelector("tr.selected a").textContent === "T-18"`)
	const shown = `(() => { const img = document.querySelector("#plot img"); return img.complete && img.naturalWidth > 0 && img.currentSrc.includes("T-18") })()`
	see(t, ctx, shown)

	// The picture changes when the document does, and is never gone meanwhile.
	const draw = `(async () => {
		const svg = await (await fetch(document.querySelector("#plot img").currentSrc)).text();
		return svg;
	})()`
	evaluate[bool](t, ctx, `(() => {
		window.gone = 0;
		new MutationObserver(() => {
			const img = document.querySelector("#plot img");
			if (!img || !img.complete || img.naturalWidth === 0) window.gone++;
		}).observe(document.querySelector("#detail"), {childList: true, subtree: true});
		return true;
	})()`)
	evaluate[string](t, ctx, `window.firstPicture = document.querySelector("#plot img").currentSrc`)
	before := evaluate[string](t, ctx, draw)
	s.put(t, driven("T-18", 31))
	see(t, ctx, `document.querySelector("#facts").textContent.includes("offset 31")`)
	see(t, ctx, `document.querySelector("#plot img").currentSrc !== window.firstPicture && `+shown)
	after, gone := evaluate[string](t, ctx, draw), evaluate[int](t, ctx, `window.gone`)
	if before == after {
		t.Error("the picture is the same after the truck has moved")
	}
	if gone != 0 {
		t.Errorf("the picture was gone %d times", gone)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(refused) != 0 {
		t.Errorf("the browser refused the page something, or its script failed: %q", refused)
	}
}
