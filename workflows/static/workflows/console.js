/* What every page needs. */
import "./times.js";
import "./attention.js";
