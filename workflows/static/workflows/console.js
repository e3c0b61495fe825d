/* What every page has. */
import "./times.js";
import "./attention.js";
