import { Anchor, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { organisationQuery } from "@/api/organisation";
import { createPlan } from "@/api/plans";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { PlanEditor } from "./PlanEditor";
import { newPlan, type PlanDraft, sentTerms } from "./planDraft";

export function NewPlanPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const organisation = useQuery(organisationQuery());
  const save = async (draft: PlanDraft, publish: boolean) => {
    const name = draft.name.trim();
    const made = await createPlan({
      key: draft.key,
      ...(name === "" ? {} : { name }),
      ...sentTerms(draft),
      draft: !publish,
    });
    await queries.invalidateQueries({ queryKey: ["plans"] });
    await navigate({ to: "/pricing/$plan", params: { plan: made.key } });
  };
  return (
    <>
      <PageHeader
        title="New plan"
        description={
          <>
            What it charges for, and by which model. Back to{" "}
            <Anchor component={Link} to="/pricing" inherit underline="always">
              all plans
            </Anchor>
            .
          </>
        }
      />
      {organisation.data !== undefined ? (
        <PlanEditor
          initial={newPlan(organisation.data.currency)}
          isNew
          save={save}
          note="A published plan can be subscribed to. A draft can be changed until it is published."
        />
      ) : organisation.error !== null ? (
        <ErrorState error={organisation.error} onRetry={() => void organisation.refetch()} />
      ) : (
        <Skeleton h={420} />
      )}
    </>
  );
}
