/** A first kobling.yaml. `schema` is the path to the JSON Schema, as seen from the file's folder. */
export const starterConfig = (schema: string): string => `# yaml-language-server: $schema=${schema}
#
# The configuration of Kobling. \`kobling check\` tells every fault with its line and a way out.
# Secrets never stand here: \${NAME} is taken from the environment, file:PATH from a file beside this one.

connections:
  erp: # a name of yours; links and history keep it
    connector: keybalance
    settings:
      baseUrl: "https://erp.example.dk/firma/API2"
      token: "\${KEYBALANCE_TOKEN}"
    limits: { requests: 20, per: 1s } # shared by all processes
    objects:
      # A direction is a wish: until \`kobling release\` nothing is written, neither here nor there.
      # firstMeeting says who is right when both sides have a value at the first meeting: remote, crm or ask.
      debitor: { direction: both, firstMeeting: remote, create: in, poll: 30s }
      kreditor: { direction: both, firstMeeting: remote, create: in, poll: 30s }

  # The door for spreadsheets: \`kobling import kunder.xlsx\`. firstMeeting says what a row may do to a record that is here
  # already: crm fills what is empty, remote overwrites, ask puts each difference before a person.
  regneark:
    connector: import
    objects:
      kundeemne: { direction: in, create: in, firstMeeting: crm }

  # The system that your people keep the Kundeemner in. Without one, Kobling itself is the CRM and is edited through its API.
  # crm:
  #   connector: keybalance
  #   settings: { baseUrl: "https://crm.example.dk/firma/API2", token: "\${CRM_TOKEN}" }
  #   side: crm
  #   objects:
  #     kundeemne: { direction: both, firstMeeting: crm, create: both }
  #     kontaktperson: { direction: both }

# Who wins when both sides have changed the same field since they last agreed; without a line the field's default
# (docs/settings.md): owner, source_priority, most_recent or manual (a person decides in the review queue).
survivorship:
  registration: { rule: manual }

# A run that would do more than this stops and asks.
guards:
  deletes: { max: 25, percent: 2 }
  clears: { max: 50, percent: 5 }
  overwrites: { max: 500, percent: 20 }
  creates: { max: 5000 }
`;
