/* What every page needs. */
import "./times.js";
import "./toast.js";
import "./copying.js";
import "./questions.js";
import "./attention.js";
import "./fresh_forms.js";
import "./palette.js";
import "./columns.js";
import "./list_rows.js";
import "./spans.js";
import "./list_actions.js";
import "./keys.js";
