CREATE TABLE latest_metrics (
    "key" VARCHAR(250) NOT NULL,
    value DOUBLE NOT NULL,
    timestamp BIGINT,
    step BIGINT NOT NULL,
    is_nan BOOLEAN NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid),
    FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)
);
-- Of each metric of each run the greatest point by step, then timestamp, then value. A point that is
-- not a number is stored as 0 and flagged; of two that are equal otherwise, the number wins.
INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid)
SELECT point."key", point.value, point.timestamp, point.step,
    MIN(CASE WHEN point.is_nan THEN 1 ELSE 0 END) = 1, point.run_uuid
FROM metrics AS point
JOIN (
    SELECT by_time.run_uuid, by_time."key", by_time.step, by_time.timestamp, MAX(by_time.value) AS value
    FROM metrics AS by_time
    JOIN (
        SELECT by_step.run_uuid, by_step."key", by_step.step, MAX(by_step.timestamp) AS timestamp
        FROM metrics AS by_step
        JOIN (
            SELECT run_uuid, "key", MAX(step) AS step FROM metrics GROUP BY run_uuid, "key"
        ) AS last_step
            ON last_step.run_uuid = by_step.run_uuid AND last_step."key" = by_step."key"
            AND last_step.step = by_step.step
        GROUP BY by_step.run_uuid, by_step."key", by_step.step
    ) AS last_time
        ON last_time.run_uuid = by_time.run_uuid AND last_time."key" = by_time."key"
        AND last_time.step = by_time.step AND last_time.timestamp = by_time.timestamp
    GROUP BY by_time.run_uuid, by_time."key", by_time.step, by_time.timestamp
) AS last
    ON last.run_uuid = point.run_uuid AND last."key" = point."key" AND last.step = point.step
    AND last.timestamp = point.timestamp AND last.value = point.value
GROUP BY point.run_uuid, point."key", point.step, point.timestamp, point.value;
