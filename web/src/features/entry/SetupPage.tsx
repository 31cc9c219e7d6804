import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { setUp, setupQuery, useEntry } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { EntryCard } from "./EntryCard";
import { tooShort } from "./passwords";

export function SetupPage() {
  const entry = useEntry(setUp);
  const navigate = useNavigate();
  const codeNeeded = useSuspenseQuery(setupQuery).data.setup_code_needed ?? false;
  const form = useForm({
    initialValues: { organisation_name: "", name: "", email: "", password: "", code: "" },
    validate: {
      password: tooShort,
    },
  });
  const submit = form.onSubmit(({ code, ...values }) =>
    entry.mutate(codeNeeded ? { ...values, code } : values, {
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
          {codeNeeded && (
            <TextInput
              label="Set-up code"
              description="The server printed it when it started: only who runs it may set it up from afar"
              autoComplete="one-time-code"
              required
              {...form.getInputProps("code")}
            />
          )}
          {entry.error !== null && <ErrorState error={entry.error} />}
          <Button type="submit" size="md" loading={entry.isPending}>
            Create the account
          </Button>
        </Stack>
      </form>
    </EntryCard>
  );
}
