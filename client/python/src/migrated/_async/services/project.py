"""Projects. Generated."""

from __future__ import annotations

from migrated._async.wire import Method, Wire
from migrated.v1 import project_service_pb2

LIST_PROJECTS = Method(
    "/migrated.v1.ProjectService/ListProjects",
    project_service_pb2.ListProjectsRequest,
    project_service_pb2.ListProjectsResponse,
)

GET_PROJECT = Method(
    "/migrated.v1.ProjectService/GetProject",
    project_service_pb2.GetProjectRequest,
    project_service_pb2.GetProjectResponse,
)

CREATE_PROJECT = Method(
    "/migrated.v1.ProjectService/CreateProject",
    project_service_pb2.CreateProjectRequest,
    project_service_pb2.CreateProjectResponse,
)

UPDATE_PROJECT = Method(
    "/migrated.v1.ProjectService/UpdateProject",
    project_service_pb2.UpdateProjectRequest,
    project_service_pb2.UpdateProjectResponse,
)

DELETE_PROJECT = Method(
    "/migrated.v1.ProjectService/DeleteProject",
    project_service_pb2.DeleteProjectRequest,
    project_service_pb2.DeleteProjectResponse,
)


class AsyncProjectService:
    """Projects."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def list_projects(
        self, request: project_service_pb2.ListProjectsRequest, *, timeout: float | None = None
    ) -> project_service_pb2.ListProjectsResponse:
        """Projects by name."""
        return await self._wire.unary(LIST_PROJECTS, request, timeout)

    async def get_project(
        self, request: project_service_pb2.GetProjectRequest, *, timeout: float | None = None
    ) -> project_service_pb2.GetProjectResponse:
        """A project."""
        return await self._wire.unary(GET_PROJECT, request, timeout)

    async def create_project(
        self, request: project_service_pb2.CreateProjectRequest, *, timeout: float | None = None
    ) -> project_service_pb2.CreateProjectResponse:
        """Makes a project."""
        return await self._wire.unary(CREATE_PROJECT, request, timeout)

    async def update_project(
        self, request: project_service_pb2.UpdateProjectRequest, *, timeout: float | None = None
    ) -> project_service_pb2.UpdateProjectResponse:
        """Changes a project."""
        return await self._wire.unary(UPDATE_PROJECT, request, timeout)

    async def delete_project(
        self, request: project_service_pb2.DeleteProjectRequest, *, timeout: float | None = None
    ) -> project_service_pb2.DeleteProjectResponse:
        """Deletes a project that has neither runs nor published revisions."""
        return await self._wire.unary(DELETE_PROJECT, request, timeout)
