"""What a new hub starts from: a project folder with one working flow; and the projects of the demo and of a month.

The templates are real files in `project/`, `demo/` and `month/`: they are formatted, checked and tested like the rest.
"""

from hilum.scaffold.writing import write_demo, write_month, write_project

__all__ = ["write_demo", "write_month", "write_project"]
