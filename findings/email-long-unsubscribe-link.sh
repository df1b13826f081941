#!/usr/bin/env bash
# A good engineer expects a link in a mail header to reach the reader as a link. Python's email package (seen in 3.11) has
# no place to fold a List-Unsubscribe link that is longer than a line of 78 characters, and so writes it as RFC 2047 encoded
# words, "=?utf-8?q?=3Chttps...": RFC 2047 section 5 forbids them there, and readers of RFC 2369 and RFC 8058 take the header
# literally. Its own parser decodes it, so no test within Python sees it; postal-mime 4.0.0 (npm) shows
# what others read. It matters because signed one-click tokens are always this long, and large mailbox providers demand the
# header of bulk senders. Instead: policy.SMTP.clone(max_line_length=998) for the message, or short opaque tokens.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . postal-mime@4.0.0 >/dev/null
cat > check.mjs <<'JS'
import PostalMime from "postal-mime";
import { readFileSync } from "node:fs";
const mail = await PostalMime.parse(readFileSync(process.argv[2]));
console.log(mail.headers.find((header) => header.key === "list-unsubscribe").value);
JS
cat > check.py <<'PY'
import platform, subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage

link = "<https://mentoring.example.org/unsubscribe?token=" + "a1b2c3d4" * 10 + ">"

def sent(rules):
    message = EmailMessage(policy=rules)
    message["List-Unsubscribe"] = link
    message.set_content("Hello")
    with open("mail.eml", "wb") as file:
        file.write(message.as_bytes())
    read = subprocess.run(["node", "check.mjs", "mail.eml"], capture_output=True, text=True, check=True).stdout.strip()
    return message.as_bytes().splitlines()[0].decode(), read, message_from_bytes(message.as_bytes(), policy=rules)["List-Unsubscribe"]

line, read, again = sent(policy.SMTP)
wide = sent(policy.SMTP.clone(max_line_length=998))
print("Python", platform.python_version(), "postal-mime 4.0.0")
print("expected:", wide[0][:70])
print("seen:    ", line[:70], "; read by Python's own parser as the link:", str(again) == link)
print("postal-mime reads", read[:70])
raise SystemExit(0 if "=?utf-8?q?" in line and str(again) == link and wide[0].endswith(link) else "the behaviour has changed")
PY
python3 check.py
