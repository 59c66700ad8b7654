// Written by `npm run types` from what the server says at /openapi.json. Do not edit.

export interface paths {
    "/api/2.0/mlflow/artifacts/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getArtifactsList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsDelete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/delete-experiment-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsDeleteExperimentTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getExperimentsGet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/get-by-name": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getExperimentsGetByName"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getExperimentsList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsRestore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getExperimentsSearch"];
        put?: never;
        post: operations["postExperimentsSearch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/set-experiment-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsSetExperimentTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postExperimentsUpdate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postLoggedModels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postLoggedModelsSearch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getLoggedModelsModelId"];
        put?: never;
        post?: never;
        delete: operations["deleteLoggedModelsModelId"];
        options?: never;
        head?: never;
        patch: operations["patchLoggedModelsModelId"];
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getLoggedModelsModelIdArtifactsDirectories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/params": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postLoggedModelsModelIdParams"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["patchLoggedModelsModelIdTags"];
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["deleteLoggedModelsModelIdTagsTagKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postModelVersionsCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["deleteModelVersionsDelete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["deleteModelVersionsDeleteTag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getModelVersionsGet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/get-download-uri": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getModelVersionsGetDownloadUri"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getModelVersionsSearch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postModelVersionsSetTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/transition-stage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postModelVersionsTransitionStage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["patchModelVersionsUpdate"];
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/alias": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRegisteredModelsAlias"];
        put?: never;
        post: operations["postRegisteredModelsAlias"];
        delete: operations["deleteRegisteredModelsAlias"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRegisteredModelsCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["deleteRegisteredModelsDelete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["deleteRegisteredModelsDeleteTag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRegisteredModelsGet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/get-latest-versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRegisteredModelsGetLatestVersions"];
        put?: never;
        post: operations["postRegisteredModelsGetLatestVersions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRegisteredModelsList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRegisteredModelsRename"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRegisteredModelsSearch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRegisteredModelsSetTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["patchRegisteredModelsUpdate"];
        trace?: never;
    };
    "/api/2.0/mlflow/runs/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsDelete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsDeleteTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRunsGet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/log-batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsLogBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/log-inputs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsLogInputs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/log-metric": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsLogMetric"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/log-model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsLogModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/log-parameter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsLogParameter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/outputs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsOutputs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsRestore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsSearch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsSetTag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postRunsUpdate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/experiments/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowExperimentsActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/logged-models/{model_id}/artifacts/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowLoggedModelsModelIdArtifactsArchive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/logged-models/{model_id}/artifacts/document": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowLoggedModelsModelIdArtifactsDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/metrics/curves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowMetricsCurves"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/metrics/ranges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowMetricsRanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/runs/table": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["postOxflowRunsTable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/runs/{run_id}/artifacts/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowRunsRunIdArtifactsArchive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/runs/{run_id}/artifacts/document": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowRunsRunIdArtifactsDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowViews"];
        put?: never;
        post: operations["postOxflowViews"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/oxflow/views/{view_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOxflowViewsViewId"];
        put?: never;
        post?: never;
        delete: operations["deleteOxflowViewsViewId"];
        options?: never;
        head?: never;
        patch: operations["patchOxflowViewsViewId"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        CreateExperiment: {
            artifact_location?: string;
            name: string;
            tags?: components["schemas"]["Tag"][];
        };
        CreateExperimentResponse: {
            experiment_id?: string;
        };
        CreateLoggedModel: {
            experiment_id: string;
            model_type?: string;
            name?: string;
            params?: components["schemas"]["Param"][];
            source_run_id?: string;
            tags?: components["schemas"]["Tag"][];
        };
        CreateModelVersion: {
            description?: string;
            model_id?: string;
            name: string;
            run_id?: string;
            run_link?: string;
            source: string;
            tags?: components["schemas"]["Tag"][];
        };
        CreateRegisteredModel: {
            description?: string;
            name: string;
            tags?: components["schemas"]["Tag"][];
        };
        CreateRun: {
            experiment_id?: string;
            run_name?: string;
            /** Format: int64 */
            start_time?: number;
            tags?: components["schemas"]["Tag"][];
            user_id?: string;
        };
        CreateSavedView: {
            experiment_id?: string;
            is_default?: boolean;
            name: string;
            state: string;
        };
        Curve: {
            run_id?: string;
            steps?: number[];
            timestamps?: number[];
            values?: components["schemas"]["Double"][];
        };
        CurvesResponse: {
            curves?: components["schemas"]["Curve"][];
        };
        Dataset: {
            digest?: string;
            name?: string;
            profile?: string;
            schema?: string;
            source?: string;
            source_type?: string;
        };
        DatasetInput: {
            dataset?: components["schemas"]["Dataset"];
            tags?: components["schemas"]["Tag"][];
        };
        DeleteExperimentTag: {
            experiment_id: string;
            key: string;
        };
        DeleteModelVersionTag: {
            key: string;
            name: string;
            version: string;
        };
        DeleteRegisteredModelTag: {
            key: string;
            name: string;
        };
        DeleteTag: {
            key: string;
            run_id?: string;
            run_uuid?: string;
        };
        /** @description A number, or the name of one that JSON cannot write. */
        Double: number | ("NaN" | "Infinity" | "-Infinity");
        Empty: Record<string, never>;
        Error: {
            error_class?: string;
            error_code: string;
            message: string;
            sqlstate?: string;
        };
        Experiment: {
            artifact_location?: string;
            /** Format: int64 */
            creation_time?: number;
            experiment_id?: string;
            /** Format: int64 */
            last_update_time?: number;
            lifecycle_stage?: string;
            name?: string;
            tags?: components["schemas"]["Tag"][];
            workspace?: string;
        };
        ExperimentActivity: {
            experiment_id?: string;
            /** Format: int64 */
            last_run_time?: number;
            /** Format: int64 */
            running?: number;
            /** Format: int64 */
            runs?: number;
        };
        ExperimentActivityResponse: {
            experiments?: components["schemas"]["ExperimentActivity"][];
        };
        ExperimentResponse: {
            experiment?: components["schemas"]["Experiment"];
        };
        FileInfo: {
            /** Format: int64 */
            file_size?: number;
            is_dir?: boolean;
            path?: string;
        };
        FinalizeLoggedModel: {
            model_id: string;
            /** @enum {string} */
            status: "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED";
        };
        GetDownloadUriResponse: {
            artifact_uri?: string;
        };
        GetExperiment: {
            experiment_id: string;
        };
        GetLatestVersions: {
            name: string;
            stages?: string[];
        };
        GetLatestVersionsResponse: {
            model_versions?: components["schemas"]["ModelVersion"][];
        };
        GetModelVersion: {
            name: string;
            version: string;
        };
        GetRegisteredModel: {
            name: string;
        };
        GetRegisteredModelAlias: {
            alias: string;
            name: string;
        };
        GetRun: {
            run_id?: string;
            run_uuid?: string;
        };
        GetRunTable: {
            experiment_ids?: string[];
            filter?: string;
            /** Format: int32 */
            max_results?: number;
            metric_keys?: string[];
            order_by?: string[];
            page_token?: string;
            param_keys?: string[];
            range_keys?: string[];
            /** @enum {string} */
            run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
            tag_keys?: string[];
            with_datasets?: boolean;
        };
        ListArtifactsResponse: {
            files?: components["schemas"]["FileInfo"][];
            root_uri?: string;
        };
        ListLoggedModelArtifactsResponse: {
            files?: components["schemas"]["FileInfo"][];
            root_uri?: string;
        };
        ListSavedViewsResponse: {
            views?: components["schemas"]["SavedView"][];
        };
        LogBatch: {
            metrics?: components["schemas"]["Metric"][];
            params?: components["schemas"]["Param"][];
            run_id?: string;
            run_uuid?: string;
            tags?: components["schemas"]["Tag"][];
        };
        LogInputs: {
            datasets?: components["schemas"]["DatasetInput"][];
            models?: components["schemas"]["ModelInput"][];
            run_id?: string;
            run_uuid?: string;
        };
        LogLoggedModelParams: {
            model_id: string;
            params?: components["schemas"]["Param"][];
        };
        LogMetric: {
            dataset_digest?: string;
            dataset_name?: string;
            key: string;
            model_id?: string;
            run_id?: string;
            run_uuid?: string;
            /** Format: int64 */
            step?: number;
            /** Format: int64 */
            timestamp: number;
            value: components["schemas"]["Double"];
        };
        LogModel: {
            model_json: string;
            run_id?: string;
            run_uuid?: string;
        };
        LogOutputs: {
            models: components["schemas"]["ModelOutput"][];
            run_id?: string;
            run_uuid?: string;
        };
        LogParam: {
            key: string;
            run_id?: string;
            run_uuid?: string;
            value?: string;
        };
        LoggedModel: {
            data?: components["schemas"]["LoggedModelData"];
            info?: components["schemas"]["LoggedModelInfo"];
        };
        LoggedModelData: {
            metrics?: components["schemas"]["Metric"][];
            params?: components["schemas"]["Param"][];
        };
        LoggedModelInfo: {
            artifact_uri?: string;
            /** Format: int64 */
            creation_timestamp_ms?: number;
            experiment_id?: string;
            /** Format: int64 */
            last_updated_timestamp_ms?: number;
            model_id?: string;
            model_type?: string;
            name?: string;
            source_run_id?: string;
            /** @enum {string} */
            status?: "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED";
            status_message?: string;
            tags?: components["schemas"]["Tag"][];
        };
        LoggedModelResponse: {
            model?: components["schemas"]["LoggedModel"];
        };
        Metric: {
            dataset_digest?: string;
            dataset_name?: string;
            key?: string;
            model_id?: string;
            run_id?: string;
            /** Format: int64 */
            step?: number;
            /** Format: int64 */
            timestamp?: number;
            value?: components["schemas"]["Double"];
        };
        MetricRange: {
            key?: string;
            max?: components["schemas"]["Double"];
            min?: components["schemas"]["Double"];
            run_id?: string;
        };
        MetricRangesResponse: {
            ranges?: components["schemas"]["MetricRange"][];
        };
        ModelInput: {
            model_id?: string;
        };
        ModelOutput: {
            model_id?: string;
            /** Format: int64 */
            step?: number;
        };
        ModelVersion: {
            aliases?: string[];
            /** Format: int64 */
            creation_timestamp?: number;
            current_stage?: string;
            description?: string;
            /** Format: int64 */
            last_updated_timestamp?: number;
            name?: string;
            run_id?: string;
            run_link?: string;
            source?: string;
            /** @enum {string} */
            status?: "PENDING_REGISTRATION" | "FAILED_REGISTRATION" | "READY";
            status_message?: string;
            tags?: components["schemas"]["Tag"][];
            user_id?: string;
            version?: string;
        };
        ModelVersionResponse: {
            model_version?: components["schemas"]["ModelVersion"];
        };
        NumberColumn: {
            key?: string;
            rows?: number[];
            values?: components["schemas"]["Double"][];
        };
        Param: {
            key?: string;
            value?: string;
        };
        RegisteredModel: {
            aliases?: components["schemas"]["RegisteredModelAlias"][];
            /** Format: int64 */
            creation_timestamp?: number;
            description?: string;
            /** Format: int64 */
            last_updated_timestamp?: number;
            latest_versions?: components["schemas"]["ModelVersion"][];
            name?: string;
            tags?: components["schemas"]["Tag"][];
        };
        RegisteredModelAlias: {
            alias?: string;
            version?: string;
        };
        RegisteredModelResponse: {
            registered_model?: components["schemas"]["RegisteredModel"];
        };
        RenameRegisteredModel: {
            name: string;
            new_name: string;
        };
        Run: {
            data?: components["schemas"]["RunData"];
            info?: components["schemas"]["RunInfo"];
            inputs?: components["schemas"]["RunInputs"];
            outputs?: components["schemas"]["RunOutputs"];
        };
        RunData: {
            metrics?: components["schemas"]["Metric"][];
            params?: components["schemas"]["Param"][];
            tags?: components["schemas"]["Tag"][];
        };
        RunInfo: {
            artifact_uri?: string;
            /** Format: int64 */
            end_time?: number;
            experiment_id?: string;
            lifecycle_stage?: string;
            run_id?: string;
            run_name?: string;
            run_uuid?: string;
            /** Format: int64 */
            start_time?: number;
            /** @enum {string} */
            status?: "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
            user_id?: string;
        };
        RunInputs: {
            dataset_inputs?: components["schemas"]["DatasetInput"][];
            model_inputs?: components["schemas"]["ModelInput"][];
        };
        RunOutputs: {
            model_outputs?: components["schemas"]["ModelOutput"][];
        };
        RunResponse: {
            run?: components["schemas"]["Run"];
        };
        RunTableResponse: {
            datasets?: components["schemas"]["TextColumn"];
            end_times?: number[];
            experiment_ids?: string[];
            highest?: components["schemas"]["NumberColumn"][];
            lowest?: components["schemas"]["NumberColumn"][];
            metrics?: components["schemas"]["NumberColumn"][];
            next_page_token?: string;
            params?: components["schemas"]["TextColumn"][];
            run_ids?: string[];
            run_names?: string[];
            start_times?: number[];
            statuses?: ("RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED")[];
            tags?: components["schemas"]["TextColumn"][];
            user_ids?: string[];
        };
        SavedView: {
            /** Format: int64 */
            creation_timestamp?: number;
            experiment_id?: string;
            is_default?: boolean;
            /** Format: int64 */
            last_updated_timestamp?: number;
            name?: string;
            owner?: string;
            state?: string;
            view_id?: string;
        };
        SavedViewResponse: {
            view?: components["schemas"]["SavedView"];
        };
        SearchDataset: {
            dataset_digest?: string;
            dataset_name?: string;
        };
        SearchExperiments: {
            filter?: string;
            /** Format: int64 */
            max_results?: number;
            order_by?: string[];
            page_token?: string;
            /** @enum {string} */
            view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
        };
        SearchExperimentsResponse: {
            experiments?: components["schemas"]["Experiment"][];
            next_page_token?: string;
        };
        SearchLoggedModels: {
            datasets?: components["schemas"]["SearchDataset"][];
            experiment_ids: string[];
            filter?: string;
            /** Format: int32 */
            max_results?: number;
            order_by?: components["schemas"]["SearchOrder"][];
            page_token?: string;
        };
        SearchLoggedModelsResponse: {
            models?: components["schemas"]["LoggedModel"][];
            next_page_token?: string;
        };
        SearchModelVersionsResponse: {
            model_versions?: components["schemas"]["ModelVersion"][];
            next_page_token?: string;
        };
        SearchOrder: {
            ascending?: boolean;
            dataset_digest?: string;
            dataset_name?: string;
            field_name?: string;
        };
        SearchRegisteredModelsResponse: {
            next_page_token?: string;
            registered_models?: components["schemas"]["RegisteredModel"][];
        };
        SearchRuns: {
            experiment_ids?: string[];
            filter?: string;
            /** Format: int32 */
            max_results?: number;
            order_by?: string[];
            page_token?: string;
            /** @enum {string} */
            run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
        };
        SearchRunsResponse: {
            next_page_token?: string;
            runs?: components["schemas"]["Run"][];
        };
        SetExperimentTag: {
            experiment_id: string;
            key: string;
            value?: string;
        };
        SetLoggedModelTags: {
            model_id?: string;
            tags?: components["schemas"]["Tag"][];
        };
        SetModelVersionTag: {
            key: string;
            name: string;
            value?: string;
            version: string;
        };
        SetRegisteredModelAlias: {
            alias: string;
            name: string;
            version: string;
        };
        SetRegisteredModelTag: {
            key: string;
            name: string;
            value?: string;
        };
        Tag: {
            key?: string;
            value?: string;
        };
        TextColumn: {
            key?: string;
            rows?: number[];
            values?: string[];
        };
        TransitionStage: {
            archive_existing_versions?: boolean;
            name: string;
            stage: string;
            version: string;
        };
        UpdateExperiment: {
            experiment_id: string;
            new_name: string;
        };
        UpdateModelVersion: {
            description?: string;
            name: string;
            version: string;
        };
        UpdateRegisteredModel: {
            description?: string;
            name: string;
        };
        UpdateRun: {
            /** Format: int64 */
            end_time?: number;
            run_id?: string;
            run_name?: string;
            run_uuid?: string;
            /** @enum {string} */
            status?: "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
        };
        UpdateRunResponse: {
            run_info?: components["schemas"]["RunInfo"];
        };
        UpdateSavedView: {
            is_default?: boolean;
            name?: string;
            state?: string;
        };
    };
    responses: {
        /** @description It did not work; the message says why. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getArtifactsList: {
        parameters: {
            query?: {
                run_id?: string;
                run_uuid?: string;
                path?: string;
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListArtifactsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateExperiment"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreateExperimentResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetExperiment"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsDeleteExperimentTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteExperimentTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getExperimentsGet: {
        parameters: {
            query: {
                experiment_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getExperimentsGetByName: {
        parameters: {
            query: {
                experiment_name: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getExperimentsList: {
        parameters: {
            query?: {
                view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
                max_results?: number;
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchExperimentsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsRestore: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetExperiment"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getExperimentsSearch: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
                filter?: string;
                order_by?: string[];
                view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchExperimentsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsSearch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchExperiments"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchExperimentsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsSetExperimentTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetExperimentTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postExperimentsUpdate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateExperiment"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postLoggedModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateLoggedModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postLoggedModelsSearch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchLoggedModels"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchLoggedModelsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getLoggedModelsModelId: {
        parameters: {
            query?: {
                allow_deleted?: boolean;
            };
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteLoggedModelsModelId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patchLoggedModelsModelId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinalizeLoggedModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getLoggedModelsModelIdArtifactsDirectories: {
        parameters: {
            query?: {
                artifact_directory_path?: string;
            };
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListLoggedModelArtifactsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postLoggedModelsModelIdParams: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogLoggedModelParams"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patchLoggedModelsModelIdTags: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SetLoggedModelTags"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteLoggedModelsModelIdTagsTagKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
                tag_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postModelVersionsCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateModelVersion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteModelVersionsDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetModelVersion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteModelVersionsDeleteTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteModelVersionTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getModelVersionsGet: {
        parameters: {
            query: {
                name: string;
                version: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getModelVersionsGetDownloadUri: {
        parameters: {
            query?: {
                name?: string;
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetDownloadUriResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getModelVersionsSearch: {
        parameters: {
            query?: {
                filter?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchModelVersionsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postModelVersionsSetTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetModelVersionTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postModelVersionsTransitionStage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransitionStage"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patchModelVersionsUpdate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateModelVersion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRegisteredModelsAlias: {
        parameters: {
            query: {
                name: string;
                alias: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersionResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRegisteredModelsAlias: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRegisteredModelAlias"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteRegisteredModelsAlias: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetRegisteredModelAlias"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRegisteredModelsCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateRegisteredModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteRegisteredModelsDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetRegisteredModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteRegisteredModelsDeleteTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteRegisteredModelTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRegisteredModelsGet: {
        parameters: {
            query: {
                name: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRegisteredModelsGetLatestVersions: {
        parameters: {
            query: {
                name: string;
                stages?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetLatestVersionsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRegisteredModelsGetLatestVersions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetLatestVersions"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetLatestVersionsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRegisteredModelsList: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchRegisteredModelsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRegisteredModelsRename: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameRegisteredModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRegisteredModelsSearch: {
        parameters: {
            query?: {
                filter?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchRegisteredModelsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRegisteredModelsSetTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRegisteredModelTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patchRegisteredModelsUpdate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateRegisteredModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredModelResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateRun"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GetRun"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsDeleteTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteTag"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRunsGet: {
        parameters: {
            query?: {
                run_id?: string;
                run_uuid?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsLogBatch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogBatch"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsLogInputs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogInputs"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsLogMetric: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogMetric"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsLogModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogModel"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsLogParameter: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogParam"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsOutputs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogOutputs"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsRestore: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GetRun"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsSearch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchRuns"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchRunsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsSetTag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogParam"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postRunsUpdate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateRun"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpdateRunResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowEvents: {
        parameters: {
            query?: {
                experiment_ids?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text or a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowExperimentsActivity: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentActivityResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowLoggedModelsModelIdArtifactsArchive: {
        parameters: {
            query?: {
                path?: string;
            };
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text or a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowLoggedModelsModelIdArtifactsDocument: {
        parameters: {
            query?: {
                path?: string;
            };
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text or a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowMetricsCurves: {
        parameters: {
            query: {
                run_ids: string[];
                metric_key: string;
                start_step?: number;
                end_step?: number;
                max_results?: number;
                with_timestamps?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurvesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowMetricsRanges: {
        parameters: {
            query: {
                run_ids: string[];
                metric_keys: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricRangesResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postOxflowRunsTable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GetRunTable"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunTableResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowRunsRunIdArtifactsArchive: {
        parameters: {
            query?: {
                path?: string;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text or a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowRunsRunIdArtifactsDocument: {
        parameters: {
            query?: {
                path?: string;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text or a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowViews: {
        parameters: {
            query?: {
                experiment_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListSavedViewsResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    postOxflowViews: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSavedView"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViewResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getOxflowViewsViewId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViewResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteOxflowViewsViewId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    patchOxflowViewsViewId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateSavedView"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViewResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
