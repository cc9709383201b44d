// Loaded before Sphinx's own scripts.

let searched = [];

// The words of a search are its words of two letters and more, where there are any: the second word of `python -m`
// alone would be found on every page.
var splitQuery = (query) => {
    const words = query.split(/[^\p{Letter}\p{Number}_]+/u).filter((word) => word);
    const longer = words.filter((word) => word.length > 1);
    searched = longer.length ? longer : words;
    return searched;
};

// Sphinx's weights, and which of two pages comes first that it holds for equal: one whose title has the words that were
// looked for, and not one of those that few look for.
var Scorer = {
    objNameMatch: 11,
    objPartialMatch: 6,
    objPrio: {0: 15, 1: 5, 2: -5},
    objPrioDefault: 0,
    title: 15,
    partialTitle: 7,
    term: 5,
    partialTerm: 2,
    score: ([page, title, , , score]) => {
        const inTitle = searched.filter((word) => title.toLowerCase().includes(word.toLowerCase())).length;
        const aside = /^(decisions|proposals|CHANGELOG|CONTRIBUTING|code-map)/.test(page);
        return score + 10 * inTitle - (aside ? 10 : 0);
    },
};

// Sphinx marks what was searched for in all text of a page and fails at the titles of Furo's icons.
document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("symbol > title").forEach((title) => title.remove());
});
