const customers = `# Find customers, page by page: give the \`endCursor\` of
# one page as \`after\` of the next.
query Customers {
  customers(first: 10, search: "a") {
    nodes {
      id
      profile {
        username
        email
      }
      insights {
        healthScore
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const createLead = `# A value that is refused comes back in \`userErrors\`,
# with the field it concerns.
mutation CreateLead {
  createLead(
    input: {
      firstName: "Ada"
      lastName: "Byron"
      email: "ada@example.com"
      source: "website"
    }
  ) {
    lead {
      id
      status
      email
    }
    userErrors {
      field
      message
      code
    }
  }
}
`;

const changes = `# Follow every change as it happens. Run this, then create
# a lead in another browser tab: each event stays in the
# list below the answer.
subscription Changes {
  changes(types: ["LEAD_CREATED"], after: null) {
    __typename
    ... on ChangeBatch {
      from
      to
      changes {
        type
        app
        entity
        entityId
        version
        data
      }
    }
    ... on Resync {
      reason
    }
  }
}
`;

/** The tabs that the playground opens with on first use. */
export function exampleTabs(customerId: string): { query: string }[] {
  return [{ query: customer360(customerId) }, { query: customers }, { query: createLead }, { query: changes }];
}

/** The id stands in the text, not in a variable: the editor starts the first tab without its variables. */
function customer360(id: string): string {
  return `# The whole customer in one query: each part comes from
# another app. Press Ctrl-Enter, or the button beside it.
query Customer360 {
  customer360(id: ${JSON.stringify(id)}) {
    id
    profile {
      username
      email
      createdAt
      lastLogin
    }
    behavior {
      behaviorScore
      sessionCount
      lastActivity
      engagementLevel
    }
    documents {
      documentCount
      storageUsage
      recentDocuments {
        id
        title
      }
    }
    crm {
      contact {
        id
        email
      }
      leads {
        id
        status
      }
      deals {
        id
        amount
        stage
      }
    }
    insights {
      healthScore
      recommendedActions
    }
  }
}
`;
}
