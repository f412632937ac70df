-- Workers ask five times a second whether a lane has work that is due: one step in this index, however many
-- jobs wait for tomorrow.
CREATE INDEX jobs_due ON public.procrastinate_jobs (queue_name, (COALESCE(scheduled_at, '-infinity'::timestamptz)))
    WHERE status = 'todo';
CREATE INDEX outbox_due ON public.outbox (not_before);
