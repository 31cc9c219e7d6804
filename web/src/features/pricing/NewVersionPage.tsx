import { Anchor, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { changeDraft, createVersion, planQuery, publishVersion } from "@/api/plans";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { PlanEditor } from "./PlanEditor";
import { type PlanDraft, planDraftOf, sentTerms } from "./planDraft";

/** Changes the draft version, or makes the next one. */
export function NewVersionPage() {
  const { plan: key } = useParams({ from: "/signed-in/pricing/$plan/edit" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: plan, error, refetch } = useQuery(planQuery(key));
  const draft = plan?.versions.findLast((version) => version.status === "draft");
  const save = async (edited: PlanDraft, publish: boolean) => {
    const terms = sentTerms(edited, draft ?? plan);
    if (draft === undefined) await createVersion(key, { ...terms, draft: !publish });
    else {
      await changeDraft(key, draft.version, terms);
      if (publish) await publishVersion(key, draft.version);
    }
    await queries.invalidateQueries({ queryKey: ["plans"] });
    await navigate({ to: "/pricing/$plan", params: { plan: key } });
  };
  return (
    <>
      <PageHeader
        title={draft === undefined ? "New version" : "Edit draft"}
        description={
          <>
            Of{" "}
            <Anchor component={Link} to={`/pricing/${key}`} inherit underline="always">
              {plan?.name ?? key}
            </Anchor>
            . What is subscribed to an earlier version keeps it.
          </>
        }
      />
      {plan !== undefined ? (
        <PlanEditor
          initial={planDraftOf(plan, draft ?? plan)}
          isNew={false}
          save={save}
          note="New subscriptions get the published version; those there are stay on theirs until they are migrated."
        />
      ) : error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton h={420} />
      )}
    </>
  );
}
