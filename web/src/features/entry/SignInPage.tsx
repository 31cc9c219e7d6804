import { Button, Loader, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { redeemLink, signIn, useEntry } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { EntryCard } from "./EntryCard";
import { forgetLinkToken, linkToken } from "./linkToken";

export function SignInPage() {
  const [token] = useState(linkToken);
  return token === null ? <ByPassword /> : <ByLink token={token} />;
}

function useGoOn() {
  const navigate = useNavigate();
  const { to } = useSearch({ from: "/sign-in" });
  return () => void navigate({ href: to ?? "/", replace: true });
}

function ByPassword() {
  const entry = useEntry(signIn);
  const goOn = useGoOn();
  const form = useForm({ initialValues: { email: "", password: "" } });
  return (
    <EntryCard title="Sign in" description="Welcome back.">
      <form onSubmit={form.onSubmit((values) => entry.mutate(values, { onSuccess: goOn }))}>
        <Stack>
          <TextInput label="E-mail" type="email" autoComplete="username" required {...form.getInputProps("email")} />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            {...form.getInputProps("password")}
          />
          {entry.error !== null && <ErrorState error={entry.error} />}
          <Button type="submit" size="md" loading={entry.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </EntryCard>
  );
}

function ByLink({ token }: { token: string }) {
  const entry = useEntry(redeemLink);
  const goOn = useGoOn();
  const sent = useRef(false);
  const redeem = entry.mutate;
  useEffect(() => {
    if (sent.current) return; // once only: the second use of a link is refused
    sent.current = true;
    forgetLinkToken();
    redeem(token, { onSuccess: goOn });
  });
  return (
    <EntryCard title="Sign in" description="With a one-time link.">
      {entry.error === null ? (
        <Loader role="status" aria-label="Signing in" />
      ) : (
        <Stack>
          <ErrorState error={entry.error} />
          <Button component="a" href="/sign-in" variant="default">
            Sign in with a password
          </Button>
        </Stack>
      )}
    </EntryCard>
  );
}
