import { Button, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { download } from "./api";

interface Props {
  path: string;
  /** Of the file that is saved. */
  name: string;
  children: string;
}

export function DownloadButton({ path, name, children }: Props) {
  const saving = useMutation({ mutationFn: () => download(path, name) });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} />}
        loading={saving.isPending}
        onClick={() => saving.mutate()}
      >
        {children}
      </Button>
      {saving.error !== null && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {saving.error.message}
        </Text>
      )}
    </>
  );
}
