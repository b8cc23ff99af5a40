// The problems of a page for somebody who does not see it, or whose browser allows no inline code.
() => {
  const problems = [];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true });
  const name = (node) => {
    const labels = (node.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
    const named = labels.map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const label = [...(node.labels ?? [])].map((one) => one.textContent).join(" ");
    return (named || node.getAttribute("aria-label") || label || node.textContent || node.title).trim();
  };
  if (!document.documentElement.lang) problems.push("no language");
  if (!document.title.trim()) problems.push("no title");
  for (const selector of ["main", "h1"]) {
    const number = document.querySelectorAll(selector).length;
    if (number !== 1) problems.push(`${number} × ${selector}`);
  }
  const named = 'a[href], button, input:not([type=hidden]), textarea, select, progress, dialog, [role=timer], [role=group], [role=log], [role=listbox], [role=option], nav, section';
  for (const node of document.querySelectorAll(named)) {
    if (shown(node) && !name(node)) problems.push(`no name: ${node.outerHTML.slice(0, 80)}`);
  }
  for (const node of document.querySelectorAll("[aria-describedby], [aria-controls], [aria-labelledby]")) {
    for (const attribute of ["aria-describedby", "aria-controls", "aria-labelledby"]) {
      for (const id of (node.getAttribute(attribute) ?? "").split(/\s+/).filter(Boolean)) {
        if (!document.getElementById(id)) problems.push(`${attribute} points nowhere: ${id}`);
      }
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) problems.push(`twice: #${id}`);
  for (const node of document.querySelectorAll("[tabindex]")) {
    if (node.tabIndex > 0) problems.push(`tabindex ${node.tabIndex}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) problems.push(`no alternative: ${image.src}`);
  for (const styled of document.querySelectorAll("[onclick], script:not([src])")) problems.push(`inline: ${styled.outerHTML.slice(0, 80)}`);
  return problems;
}
