"""List operations of the SDK that the sandbox does not have: video projects do not need them.

The response to each is an error that names it and its topic.
"""

from __future__ import annotations

from typing import Final

_TOPICS: Final[dict[str, str]] = {
    "chats and model evaluation": """
        CreateModelConfig DeleteModelConfig ProjectModelConfigs CreateProjectModelConfig
        DeleteProjectModelConfig SetProjectModelSetupComplete""",
    "models, model runs and Foundry": """
        createModel DeleteModel GetModel GetModelRun CreateModelRun DeleteModelRun
        DeleteModelRunDataRows modelRun ModelRun setPipelineStatus updateModelRunConfig
        resetModelRunConfig assignDataSplit
        assignDataRowsToDataSplitTaskStatus createMEAModelRunLabelRegistrationTask
        createMEAModelRunProjectLabelRegistrationTask createMEAModelRunDataRowRegistrationTask
        MEALabelRegistrationTaskStatus MEADataRowRegistrationTaskStatus
        createMEAPredictionImportByUrl createMEAPredictionImportByFile
        getModelErrorAnalysisPredictionImport createMalPredictionImportForModelRunDataRows
        getMEAToMALPredictionImport SendToAnnotateFromMea CreateFoundryApp GetFoundryAppById
        DeleteFoundryApp CreateModelJob GetModelRunCostInfo""",
    "embeddings": "CreateEmbedding GetEmbeddings DeleteEmbedding",
    "members, roles and keys": """
        createInvites InviteMembers InvitesLimit CancelInvite GetProjectInvitations
        GetOrgInvitations DeleteMember SetOrganizationRole SetProjectMembership
        DeleteProjectMemberships ProjectMemberOverview GetAvailableUserRoles UpdateUserGroup
        CreateUserGroup DeleteUserGroup AddUserGroupMembers ContinueAddUserGroupMembers
        RemoveUserGroupMembers ListUserGroupMembers GetUserGroupAuditEvents CreateUserApiKey
        DeleteApiKey GetUserPermissions GetUsersApiKeys""",
    "IAM integrations, which are added by Sandbox.add_iam_integration": """
        CreateAwsIamIntegration CreateGcpIamIntegration CreateAzureIamIntegration
        UpdateAwsIamIntegration UpdateGcpIamIntegration UpdateAzureIamIntegration
        ValidateIamIntegration SetDefaultIamIntegration DetachSigner""",
    "issues": """
        CreateIssue GetIssue UpdateIssue DeleteIssue ResolveIssue OpenIssue GetProjectIssues
        GetProjectIssuesExport GetIssueComments CreateComment UpdateComment DeleteComment
        CreateIssueCategory EditIssueCategory DeleteIssueCategory GetIssueCategories""",
    "labeling services and labelers' performance": """
        CreateProjectBoostWorkforce GetProjectBoostWorkforce
        ValidateAndRequestProjectBoostWorkforce GetProjectById SearchProjects LabelerPerformance
        ProjectReviewMetrics ClearQueueReservations BulkAssignDataRows""",
    "benchmarks and versions of labels": """
        CreateBenchmark DeleteBenchmark GetLabelVersions GetLabelVersion""",
    "editing workflows, and sending from the catalog": """
        UpdateProjectWorkflow GetProjectWorkflow SendToAnnotateFromCatalog syncExternalProject
        getDataRowIdenfifiersBySavedQuery getDataRowIdenfifiersBySavedModelQuery""",
}
NOT_SERVED: Final = {name: topic for topic, names in _TOPICS.items() for name in names.split()}
"""Topic by the name of the operation, without the ending that the SDK adds."""


def refusal_of(operation: str | None) -> str | None:
    """Return why an operation is not served; None if it is, or if the SDK does not have it."""
    name = (operation or "").removesuffix("PyApi")
    topic = NOT_SERVED.get(name)
    return None if topic is None else f"The sandbox does not have '{name}' ({topic})"
