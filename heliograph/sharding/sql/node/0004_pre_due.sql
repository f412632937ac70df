-- What was never tried is due, whatever a clock says that has been put back since it was written.
ALTER TABLE public.outbox ALTER not_before SET DEFAULT '-infinity';
