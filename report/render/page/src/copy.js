// copyButtons lets each button copy the code beside it. The clipboard API is
// missing where a page was opened from a file in some browsers.
export function copyButtons(root) {
  for (const button of root.querySelectorAll(".copy")) {
    const code = button.parentElement.querySelector("code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected: press Ctrl+C";
      }
    });
  }
}
