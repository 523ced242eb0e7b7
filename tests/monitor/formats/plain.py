"""The plainest pages in markup, for tests that change one thing about them."""

from monitor.formats import NotAPage, extract
from monitor.record.values import Capture, Format

AGENCY = "United States Lighthouse Bureau"


def cells(
    agency: str = AGENCY,
    text: str = "The Director should act. (Recommendation 1)",
    status: str = '<span class="code">Open</span>',
    comment: str = "The bureau agreed.",
) -> str:
    """One row of a table."""
    narrative = f'<div class="comment">{comment}</div>' if comment else ""
    return (
        f'<tr><td class="views-field-name">{agency}</td>'
        f'<td class="views-field-field-recommendation">{text}</td>'
        f'<td class="views-field-field-status-code">{status}{narrative}</td></tr>'
    )


def table(*rows: str) -> str:
    """A table of recommendations."""
    heads = "<tr><th>Agency Affected</th><th>Recommendation</th><th>Status</th></tr>"
    return f"<table><thead>{heads}</thead><tbody>{''.join(rows)}</tbody></table>"


def report(body: str, product: str = "gao-31-900001", number: str = "GAO-31-900001") -> str:
    """A report's page round a body."""
    return (
        f'<!DOCTYPE html><html><head><link rel="canonical" href="https://www.gao.gov/products/{product}"></head><body>'
        f"<h1 class='split-headings'>Lamps: <span>A Title</span></h1>"
        f"<section id='block--post-title-info'><strong>{number}</strong></section>{body}</body></html>"
    )


def group(title: str, *rows: str, count: int | None = None) -> str:
    """A report's group on an agency's page."""
    said = len(rows) if count is None else count
    return f"<h4>{title}</h4><div>Show</div><div>{said} Open Recommendations</div>{table(*rows)}"


def agency_page(*groups: str, total: int = 25) -> str:
    """An agency's page round some groups."""
    return (
        f"<html><head></head><body><h1>{AGENCY}</h1><h2>Open Recommendations ({total} total)</h2>"
        f"{''.join(groups)}</body></html>"
    )


def read(page: str, form: Format | None = None) -> Capture:
    """What is read of a page."""
    return extract(page.encode(), format=form)


def refusal(page: str | bytes, form: Format | None = None) -> NotAPage:
    """Why a page is refused; an AssertionError where it is not."""
    try:
        capture = extract(page if isinstance(page, bytes) else page.encode(), format=form)
    except NotAPage as error:
        return error
    raise AssertionError(f"read as {capture}")
