// Asks for the page again, and takes what it says; while it can't, says so.
const EVERY_MS = 2000;

async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
  } catch {
    document.querySelector("#fresh").textContent = "No answer: has 'dragoman up' ended?";
  }
}

setInterval(() => document.hidden || look(), EVERY_MS);
