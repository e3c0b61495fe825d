"""
Bundles the modules and style sheets of the pages into the wheel, where esbuild is installed.

A module that a page names keeps its address, and holds what it alone imports. What several of them
import stands once, in `chunks/`: a file with what all pages need, and one with the rest. A style
sheet holds those that it imports. Without esbuild (pip has none when it builds from the source
archive or from git) the wheel has the files as they stand here, which work as well.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "workflows/static"
NAMED = re.compile(r"""["']workflows/([\w/]+\.(?:js|css))["']""")
"""How templates and Python name a module or a style sheet."""
ON_ALL_PAGES = "console.js"
ESBUILD = "node_modules/@esbuild/*/bin/esbuild"
COMMON = ["--bundle", "--minify", "--charset=utf8", "--outbase=.", "--log-level=warning"]
MODULES = ["--format=esm", "--splitting", "--chunk-names=chunks/[name]-[hash]"]
SHEETS = ["--external:*.svg"]


class BundlingHook(BuildHookInterface[Any]):
    """Puts the static files into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle them, or take them as they are; an editable installation reads the tree."""
        self._work = Path(tempfile.mkdtemp(prefix="orchestrator-static-"))
        if version != "standard":
            return
        root = Path(self.root)
        folder, esbuild = root / STATIC, next(root.glob(ESBUILD), None)
        if esbuild:
            folder = Bundler(root, esbuild, self._work).bundle()
        else:
            self.app.display_info("Nothing is bundled: there is no esbuild in node_modules.")
        build_data["force_include"][str(folder)] = STATIC

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the wheel."""
        shutil.rmtree(self._work)


@dataclass
class Bundler:
    """Bundles a copy of the static files, in a folder of its own."""

    root: Path
    esbuild: Path
    work: Path

    def bundle(self) -> Path:
        """Return the folder of the bundled files."""
        source, made = self.work / "source", self.work / "static"
        shutil.copytree(self.root / STATIC / "workflows", source)
        names = named_files(self.root / "workflows")
        modules = sorted(name for name in names if name.endswith(".js"))
        self._share(modules)
        self._run(made / "workflows", *modules, *MODULES)
        self._run(made / "workflows", *sorted(names - {*modules}), *SHEETS)
        sources = shutil.ignore_patterns("*.js", "*.css")
        shutil.copytree(source, made / "workflows", ignore=sources, dirs_exist_ok=True)
        return made

    def _share(self, modules: list[str]) -> None:
        """
        Have the modules that share something import all that is shared.

        esbuild makes a chunk of what the same modules reach, which are two sets then.
        """
        reached = self._reached(modules)
        counts = Counter(module for each in reached.values() for module in each)
        shared = {module for module, count in counts.items() if count > 1}
        on_all_pages = shared & reached[ON_ALL_PAGES]
        for module in modules:
            wanted = shared if reached[module] & (shared - on_all_pages) else on_all_pages
            if reached[module] & shared:
                self._import(module, wanted - {module})

    def _import(self, module: str, others: set[str]) -> None:
        """Let a module import others, after its own imports."""
        file = self.work / "source" / module
        up = "../" * module.count("/") or "./"
        lines = [f'import "{up}{other}";\n' for other in sorted(others)]
        file.write_text(file.read_text() + "".join(lines))

    def _reached(self, modules: list[str]) -> dict[str, set[str]]:
        """Return what each module imports, and what that imports, by module; itself included."""
        about = self._run(self.work / "tried", *modules, *MODULES)["inputs"]
        imports = {name: {each["path"] for each in file["imports"]} for name, file in about.items()}

        def closure(module: str) -> set[str]:
            found, waiting = set[str](), [module]
            while waiting:
                found.add(each := waiting.pop())
                waiting += imports[each] - found
            return found

        return {module: closure(module) for module in modules}

    def _run(self, to: Path, *arguments: str) -> Any:
        """Run esbuild on files; return what it says about them."""
        told = self.work / "told.json"
        command: list[str | Path] = [
            self.esbuild,
            *arguments,
            *COMMON,
            f"--outdir={to}",
            f"--metafile={told}",
        ]
        subprocess.run(command, cwd=self.work / "source", check=True)
        return json.loads(told.read_text())


def named_files(app: Path) -> set[str]:
    """Return the modules and style sheets that pages name, below static/workflows."""
    files = [*app.rglob("*.html"), *app.rglob("*.py")]
    return {name for file in files for name in NAMED.findall(file.read_text())}
