"""`/runners`."""

from rest_framework.request import Request
from rest_framework.response import Response

from runners.models import Runner
from workflows import operations
from workflows.api import examples
from workflows.api.described import described
from workflows.api.filters import RunnerFilters
from workflows.api.serializers.runners import RunnerAnswer, RunnerChangesBody
from workflows.api.viewsets import ReadOnlyViewSet
from workflows.db.doors import durably


class RunnerViewSet(ReadOnlyViewSet[Runner]):
    """The runners that execute attempts: this machine, other hosts, Celery workers."""

    queryset = Runner.objects.all()
    serializer_class = RunnerAnswer
    filterset_class = RunnerFilters

    @described(responses={201: RunnerAnswer}, examples=examples.RUNNERS)
    def create(self, request: Request) -> Response:
        """
        Create a runner; a new default replaces the old one.

        What it needs depends on its kind: an http runner a `url`, a Celery runner a `queue`.
        """
        return self._save(RunnerAnswer(data=request.data), 201)

    @described(request=RunnerChangesBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        """
        Change some fields of a runner; a new default replaces the old one.

        `options` are replaced as a whole; credentials that are not named stay.
        """
        return self._save(RunnerAnswer(self.get_object(pk), data=request.data, partial=True), 200)

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a runner; 409 if it is the default, or if tasks or steps use or have used it."""
        durably(operations.delete_runner, pk)
        return Response(status=204)

    def _save(self, serializer: RunnerAnswer, status: int) -> Response:
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status)
