import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { setUp, useEntry } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { EntryCard } from "./EntryCard";

const SHORTEST_PASSWORD = 12;

export function SetupPage() {
  const entry = useEntry(setUp);
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { organisation_name: "", name: "", email: "", password: "" },
    validate: {
      password: (password) =>
        password.length < SHORTEST_PASSWORD ? `At least ${SHORTEST_PASSWORD} characters; a sentence is good` : null,
    },
  });
  const submit = form.onSubmit((values) =>
    entry.mutate(values, {
      onSuccess: () => void navigate({ to: "/", replace: true }),
      onError: (error) => error instanceof Problem && form.setErrors(error.fields),
    }),
  );
  return (
    <EntryCard title="Set up JustPaid" description="You become the owner of this installation.">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Company"
            description="As it stands on your invoices"
            autoComplete="organization"
            required
            {...form.getInputProps("organisation_name")}
          />
          <TextInput label="Your name" autoComplete="name" required {...form.getInputProps("name")} />
          <TextInput label="E-mail" type="email" autoComplete="username" required {...form.getInputProps("email")} />
          <PasswordInput label="Password" autoComplete="new-password" required {...form.getInputProps("password")} />
          {entry.error !== null && <ErrorState error={entry.error} />}
          <Button type="submit" size="md" loading={entry.isPending}>
            Create the account
          </Button>
        </Stack>
      </form>
    </EntryCard>
  );
}
