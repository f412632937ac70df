-- Which truth rows of this node have changed and are not yet mirrored elsewhere. Written in the transaction
-- of the change; a row is deleted by whoever has mirrored it. At least once, in any order.
CREATE TABLE public.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    a bigint NOT NULL,
    b bigint NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_pair ON public.outbox (kind, a, b);
