import { Anchor, Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { changePassword, sessionQuery, useSession } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { EntryCard } from "./EntryCard";
import { tooShort } from "./passwords";

/** Changes the password, or gives the first one to who came by a link. */
export function PasswordPage() {
  const { user } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const change = useMutation({ mutationFn: changePassword });
  const form = useForm({
    initialValues: { current_password: "", new_password: "" },
    validate: { new_password: tooShort },
  });
  const submit = form.onSubmit(({ current_password, new_password }) =>
    change.mutate(user.has_password ? { current_password, new_password } : { new_password }, {
      onSuccess: async () => {
        await queries.invalidateQueries(sessionQuery);
        notifications.show({ color: "jade", message: "The new password holds. All other sessions have ended." });
        await navigate({ to: "/" });
      },
      onError: (error) => error instanceof Problem && form.setErrors(error.fields),
    }),
  );
  return (
    <EntryCard title={user.has_password ? "Change password" : "Choose a password"} description={user.email}>
      <form onSubmit={submit}>
        <input type="hidden" name="username" autoComplete="username" value={user.email} />
        <Stack>
          {user.has_password && (
            <PasswordInput
              label="Current password"
              autoComplete="current-password"
              required
              {...form.getInputProps("current_password")}
            />
          )}
          <PasswordInput
            label="New password"
            autoComplete="new-password"
            required
            {...form.getInputProps("new_password")}
          />
          {change.error !== null && <ErrorState error={change.error} />}
          <Button type="submit" size="md" loading={change.isPending}>
            {user.has_password ? "Change" : "Choose"}
          </Button>
          <Anchor component={Link} to="/" ta="center">
            Back to the overview
          </Anchor>
        </Stack>
      </form>
    </EntryCard>
  );
}
