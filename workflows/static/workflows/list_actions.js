/* The button below a list says what it does with how many rows: "Cancel 48 tasks…". Without this file, it says "Go". */

const countIn = (form, bar) => {
    if (form.elements.select_across?.value === "1") {
        return Number(bar.dataset.total);
    }
    return form.querySelectorAll(".action-select:checked").length;
};

const draw = () => {
    const form = document.getElementById("changelist-form");
    const bar = form?.querySelector(".actions");
    const select = bar?.querySelector("select[name=action]");
    if (!select?.value) {
        return;
    }
    const [phrase, isDestructive] = JSON.parse(bar.dataset.phrases)[select.value] ?? [];
    const [count, {noun}] = [countIn(form, bar), bar.dataset];
    const rows = `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
    const button = bar.querySelector("button[name=index]");
    button.textContent = phrase?.replace("{}", rows) ?? select.selectedOptions[0].textContent;
    button.removeAttribute("title");
    button.classList.toggle("leads-to-danger", Boolean(isDestructive));
};

document.addEventListener("change", draw);
document.addEventListener("click", (event) => {
    if (event.target.closest?.("#changelist-form .actions a")) {
        setTimeout(draw, 0); /* once Django has counted */
    }
});
