"""What a new hub starts from: a project folder with one working flow, and the demo hospital's project.

The templates are real files in `project/` and `demo/`: they are formatted, type-checked and tested like the rest.
"""

from hilum.scaffold.writing import write_demo, write_project

__all__ = ["write_demo", "write_project"]
