/** Keeps the page as tall as what can be seen, where an open keyboard covers the page instead of resizing it. */

export function followKeyboard() {
  const viewport = window.visualViewport;
  if (!viewport) return;
  viewport.addEventListener("resize", () => {
    if (viewport.scale !== 1) return;
    const covered = window.innerHeight - viewport.height > 1;
    document.documentElement.style.setProperty("--viewport-height", covered ? `${viewport.height}px` : "100dvh");
    if (covered) window.scrollTo(0, 0);
  });
}
