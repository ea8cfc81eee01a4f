"""What the routes use, from the app's state."""

from fastapi import Request

from audit.meaning.vocabulary import Vocabulary
from common.service import Runtime


def runtime_of(request: Request) -> Runtime:
    """The running service."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def vocabulary_of(request: Request) -> Vocabulary:
    """The words of all services."""
    vocabulary: Vocabulary = request.app.state.vocabulary
    return vocabulary
