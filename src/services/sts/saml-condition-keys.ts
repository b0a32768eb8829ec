// The attributes of a SAML assertion that trust policies can ask for, under the names that AWS gives them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html#saml-attribute-mapping
import type { ConditionValue } from '../../policy/policy.ts';

interface Key {
  readonly name: string;
  readonly isList: boolean;
}

const list = (name: string): Key => ({ name, isList: true });
const single = (name: string): Key => ({ name, isList: false });

const eduPerson = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.';
const eduOrg = 'urn:oid:1.3.6.1.4.1.5923.1.2.1.';
const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

const keys: Readonly<Record<string, Key>> = {
  [`${eduPerson}1`]: list('eduPersonAffiliation'),
  [`${eduPerson}2`]: list('eduPersonNickname'),
  [`${eduPerson}3`]: single('eduPersonOrgDN'),
  [`${eduPerson}4`]: list('eduPersonOrgUnitDN'),
  [`${eduPerson}5`]: single('eduPersonPrimaryAffiliation'),
  [`${eduPerson}6`]: single('eduPersonPrincipalName'),
  [`${eduPerson}7`]: list('eduPersonEntitlement'),
  [`${eduPerson}8`]: single('eduPersonPrimaryOrgUnitDN'),
  [`${eduPerson}9`]: list('eduPersonScopedAffiliation'),
  [`${eduPerson}10`]: list('eduPersonTargetedID'),
  [`${eduPerson}11`]: list('eduPersonAssurance'),
  [`${eduOrg}2`]: list('eduOrgHomePageURI'),
  [`${eduOrg}3`]: list('eduOrgIdentityAuthNPolicyURI'),
  [`${eduOrg}4`]: list('eduOrgLegalName'),
  [`${eduOrg}5`]: list('eduOrgSuperiorURI'),
  [`${eduOrg}6`]: list('eduOrgWhitePagesURI'),
  'urn:oid:2.5.4.3': list('cn'),
  [`${claims}name`]: single('name'),
  'http://schemas.xmlsoap.org/claims/CommonName': single('commonName'),
  [`${claims}givenname`]: single('givenName'),
  [`${claims}surname`]: single('surname'),
  [`${claims}emailaddress`]: single('mail'),
  // AWS: the attribute table maps it to uid, the list of condition keys has this name; the latter is what policies can be checked against.
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid': single('primaryGroupSID'),
  '2.5.4.3': single('commonName'),
  '2.5.4.4': single('surname'),
  '2.4.5.42': single('givenName'),
  '2.5.4.45': single('x500UniqueIdentifier'),
  '0.9.2342.19200300100.1.1': single('uid'),
  '0.9.2342.19200300100.1.3': single('mail'),
  '0.9.2342.19200300.100.1.45': single('organizationStatus'),
};

/** AWS: of several claims for one key only one is taken; here the first. */
export function samlAttributeKeys(attributes: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, ConditionValue>> {
  const context: Record<string, ConditionValue> = {};
  for (const [attribute, values] of attributes) {
    const key = Object.hasOwn(keys, attribute) ? keys[attribute] : undefined;
    const [first] = values;
    if (key === undefined || first === undefined || `saml:${key.name}` in context) continue;
    context[`saml:${key.name}`] = key.isList ? values : first;
  }
  return context;
}
